"""Adapters that are wrong in one way each, as real adapters have been, and the test that must find each of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bridge.adapters.memory import MemoryAdapter, Quirks
from bridge.adapters.memory.feed import Position
from bridge.adapters.memory.rows import Row
from bridge.ports.adapter import NativeSchema, SetupStep
from bridge.ports.errors import BridgeError, CursorExpired, RateLimited, Rejected, Transient
from bridge.ports.reading import holds
from bridge.ports.records import (
    ChangePage,
    CreateItem,
    DeleteItem,
    NativeRecord,
    ObjectSpec,
    UpdateItem,
    WriteResult,
)

PLAIN = Quirks(page=5)
OBLIVIOUS = Quirks(page=5, unique_keys=False)


@dataclass(frozen=True)
class Case:
    """A broken adapter, the tests that must fail with it, and the system it talks to."""

    kind: type[MemoryAdapter]
    fails: tuple[str, ...]
    quirks: Quirks = PLAIN


# reading


class SkipsEqualStamps(MemoryAdapter):
    """Goes on behind the stamp of the last record, whoever else has it."""

    def _next(self, spec: ObjectSpec, position: Position, limit: int) -> tuple[list[Row], Position, bool]:
        rows, after, more = super()._next(spec, position, limit)
        return rows, replace(after, id="\uffff") if more else after, more


class LosesLateCommits(MemoryAdapter):
    """Goes on behind the newest stamp it has seen."""

    def _next(self, spec: ObjectSpec, position: Position, limit: int) -> tuple[list[Row], Position, bool]:
        rows, after, more = super()._next(spec, position, limit)
        if rows and not more:
            after = Position(after.object, after.begun, rows[-1].at, rows[-1].id)
        return rows, after, more


class LosesEqualStampsAtTheEnd(MemoryAdapter):
    """Goes on one tick behind the moment of the reading."""

    def _next(self, spec: ObjectSpec, position: Position, limit: int) -> tuple[list[Row], Position, bool]:
        rows, after, more = super()._next(spec, position, limit)
        return rows, after if more else replace(after, at=after.begun + timedelta(microseconds=1)), more


class TakesItsOwnWriteForTheLastWord(MemoryAdapter):
    """After a write it goes on behind everything there is."""

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        position = Position.parse(cursor, spec, self.world)
        return replace(position, at=self.world.clock() + timedelta(minutes=1)).text()


class SaysWhereItWasRead(MemoryAdapter):
    """What it says of a record holds how it was asked for."""

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        page = super().changes(spec, cursor, limit)
        told = tuple(replace(record, said=f"told {record.version}".encode()) for record in page.records)
        return replace(page, records=told)


class SaysOnlyWhichItIs(MemoryAdapter):
    """What it says of a record is the same after an edit."""

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        found = super().fetch(spec, native_ids)
        return {one: replace(record, said=one.encode()) for one, record in found.items()}


class ReadsForEver(MemoryAdapter):
    """Always says that there is more."""

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        return replace(super().changes(spec, cursor, limit), more=True)


class ReadsTheWholeDayAgain(MemoryAdapter):
    """Overlaps so far that an idle system is read again and again."""

    def _next(self, spec: ObjectSpec, position: Position, limit: int) -> tuple[list[Row], Position, bool]:
        rows, after, more = super()._next(spec, position, limit)
        return rows, after if more else replace(after, at=after.begun - timedelta(days=1)), more


class KeepsThePlaceToItself(MemoryAdapter):
    """Its cursor means something in this process only."""

    places: dict[str, str]

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        self.places = self.__dict__.get("places", {})
        if cursor is not None and cursor not in self.places:
            raise CursorExpired("unknown position", system=self.system)
        page = super().changes(spec, self.places[cursor] if cursor else None, limit)
        name = f"place {len(self.places)}"
        self.places[name] = page.cursor
        return replace(page, cursor=name)


class TakesAnyCursor(MemoryAdapter):
    """Begins at the end when it does not understand a cursor."""

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        try:
            return super().changes(spec, cursor, limit)
        except CursorExpired:
            return ChangePage((), (), Position(spec.object, self.world.clock()).text(), False)


class TellsNoDeletes(MemoryAdapter):
    """Says it has a feed of deletes, and leaves them out."""

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        return replace(super().changes(spec, cursor, limit), tombstones=())


class ForgetsWhere(MemoryAdapter):
    """Reads suppliers as customers."""

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        return super().changes(replace(spec, where=()), cursor, limit)


class FetchesByWhere(MemoryAdapter):
    """A record that left the entity looks deleted."""

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        rows = {i: self.world.alive(spec.object, i) for i in native_ids}
        inside = [i for i, row in rows.items() if row and all(holds(t, row.values.get(t.path)) for t in spec.where)]
        return super().fetch(spec, inside)


class PartialRefs(MemoryAdapter):
    """Stops after the first page: every record behind it looks deleted."""

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        yield next(iter(super().refs(spec)))


class FindsOnlyWhatIsThere(MemoryAdapter):
    """Leaves out the keys that no record carries."""

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        return {key: found for key, found in super().find(spec, keys).items() if found}


class WritesEmptyAsText(MemoryAdapter):
    """Hands on the vendor's "" for an empty field."""

    def record(self, spec: ObjectSpec, row: Row) -> NativeRecord:
        record = super().record(spec, row)
        return replace(record, values={path: "" if v is None else v for path, v in record.values.items()})


class LeavesOutEmptyFields(MemoryAdapter):
    """What is empty looks like what was not observed."""

    def record(self, spec: ObjectSpec, row: Row) -> NativeRecord:
        record = super().record(spec, row)
        return replace(record, values={path: v for path, v in record.values.items() if v is not None})


class LeavesOutAField(MemoryAdapter):
    """Does not read one of the fields it was asked for."""

    def record(self, spec: ObjectSpec, row: Row) -> NativeRecord:
        record = super().record(spec, row)
        return replace(record, values={path: v for path, v in record.values.items() if path != "tags"})


class SpeaksInFloats(MemoryAdapter):
    """Numbers as the vendor's JSON has them."""

    def record(self, spec: ObjectSpec, row: Row) -> NativeRecord:
        record = super().record(spec, row)
        floats = {path: float(v) if type(v) is int else v for path, v in record.values.items()}
        return replace(record, values=floats)  # type: ignore[arg-type]


class NaiveStamps(MemoryAdapter):
    """A time without a zone."""

    def record(self, spec: ObjectSpec, row: Row) -> NativeRecord:
        return replace(super().record(spec, row), modified=row.at.replace(tzinfo=None))


class RaisesItsOwn(MemoryAdapter):
    """A KeyError of its own leaves it."""

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        self.call("read")
        return {i: self.record(spec, self.world.table(spec.object)[i]) for i in native_ids}


# writing


class EchoesWhatWasSent(MemoryAdapter):
    """Tells the values it sent as those the system stored."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        results = super().create(spec, items)
        return [
            replace(result, stored=replace(result.stored, values={**result.stored.values, **item.values}))
            if result.stored
            else result
            for item, result in zip(items, results, strict=True)
        ]


class DropsAResult(MemoryAdapter):
    """Tells of successes only."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        return [result for result in super().create(spec, items) if result.outcome == "ok"]


class MixesUpTheOrder(MemoryAdapter):
    """Results in an order of its own."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        return sorted(super().create(spec, items), key=lambda result: result.native_id or "", reverse=True)


class TakesAllDown(MemoryAdapter):
    """One bad item fails the batch."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        before = dict(self.world.table(spec.object))
        results = super().create(spec, items)
        bad = next((result for result in results if result.outcome == "failed"), None)
        if bad is None:
            return results
        self.world.undo(spec.object, before)
        return [WriteResult("failed", error=bad.error) for _ in items]


class CutsInSilence(MemoryAdapter):
    """Makes every text fit."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        fitting = [CreateItem(i.key, {**i.values, "name": str(i.values.get("name"))[:40]}) for i in items]
        return super().create(spec, fitting)


class MakesDuplicates(MemoryAdapter):
    """Does not look whether a key is there, at a system that does not mind."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        self.call("create")
        rows = [self.world.insert(spec.object, {"kind": "customer", **i.values}, i.key) for i in items]
        return [WriteResult("ok", row.id, self.record(spec, row), created=True) for row in rows]


class AlwaysCreated(MemoryAdapter):
    """Says of a record that was there that it made it."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        results = super().create(spec, items)
        return [replace(result, created=True) if result.outcome == "ok" else result for result in results]


class IgnoresExpected(MemoryAdapter):
    """Writes over a user's edit."""

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        return super().update(spec, [replace(item, expected=None) for item in items])


class DeletesWhatHasMoved(MemoryAdapter):
    """Deletes a record that a user has just edited."""

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        return super().delete(spec, [replace(item, expected=None) for item in items])


class SwallowsUnknownFields(MemoryAdapter):
    """Leaves out what the system does not have and says ok, as Odoo's `load` and ERPNext do."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        paths = {field.path for field in spec.fields}
        known = [CreateItem(i.key, {path: v for path, v in i.values.items() if path in paths}) for i in items]
        return super().create(spec, known)


class EmptiesTheRest(MemoryAdapter):
    """Writes the whole record when one field was given."""

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        empty = {field.path: None for field in spec.fields if field.path != "name"}
        return super().update(spec, [replace(item, values={**empty, **item.values}) for item in items])


class NeverEmpties(MemoryAdapter):
    """Leaves None out of what it sends."""

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        filled = [replace(i, values={path: v for path, v in i.values.items() if v is not None}) for i in items]
        return super().update(spec, filled)


class FailsOnGone(MemoryAdapter):
    """A record that is deleted already cannot be deleted."""

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        gone = {item.native_id for item in items if self.world.alive(spec.object, item.native_id) is None}
        error = Rejected("it is not there", system=self.system)
        return [
            WriteResult("failed", result.native_id, error=error) if result.native_id in gone else result
            for result in super().delete(spec, items)
        ]


class NoKeyOnUpdate(MemoryAdapter):
    """Does not store the key in a record that is linked."""

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        return super().update(spec, [replace(item, key=None) for item in items])


# faults


class FollowsRedirects(MemoryAdapter):
    """A write that was sent elsewhere, or answered by a page for people, was a success."""

    def strange(self, fault: object, operation: str) -> BridgeError:
        self.__dict__["fooled"] = fault in ("html", "redirect")
        return super().strange(fault, operation)  # type: ignore[arg-type]

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        try:
            return super().create(spec, items)
        except BridgeError:
            if not self.__dict__.pop("fooled", False):
                raise
            return [WriteResult("ok", "1", created=True) for _ in items]


class ReadsAPageForPeople(MemoryAdapter):
    """What is not JSON has no records in it."""

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        try:
            return super().changes(spec, cursor, limit)
        except Transient:
            return ChangePage((), (), cursor or Position(spec.object, self.world.clock()).text(), False)


class CallsLostAnswersTransient(MemoryAdapter):
    """Says that nothing was written when no answer came."""

    def answer(self, results: list[WriteResult], lost: bool) -> list[WriteResult]:
        if lost:
            raise Transient("no answer", system=self.system)
        return results


class RepeatsWrites(MemoryAdapter):
    """Sends a write again by itself."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        try:
            return super().create(spec, items)
        except BridgeError:
            return super().create(spec, items)


class ForgetsTheWait(MemoryAdapter):
    """Does not hand on how long the system asked it to wait."""

    def strange(self, fault: object, operation: str) -> BridgeError:
        error = super().strange(fault, operation)  # type: ignore[arg-type]
        return RateLimited("slow down", system=self.system) if isinstance(error, RateLimited) else error


class ShowsItsPassword(MemoryAdapter):
    """A repr for debugging."""

    def __repr__(self) -> str:
        return f"MemoryAdapter({self.system!r}, password={self._password!r})"


class ShowsItsPasswordInErrors(MemoryAdapter):
    """The address of the call, with all that is in it."""

    def strange(self, fault: object, operation: str) -> BridgeError:
        try:
            raise ValueError(f"GET memory://bridge:{self._password}@acme/")
        except ValueError as cause:
            error = super().strange(fault, operation)  # type: ignore[arg-type]
            error.__cause__ = cause
            return error


class ShowsValuesInErrors(MemoryAdapter):
    """Says what it could not write."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        return [
            replace(
                result, error=Rejected(f"cannot write {dict(item.values)}", fields=getattr(result.error, "fields", ()))
            )
            if result.error
            else result
            for item, result in zip(items, super().create(spec, items), strict=True)
        ]


class LogsValues(MemoryAdapter):
    """Says what it writes."""

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        logging.getLogger("bridge.adapters.broken").debug("update %s", [dict(item.values) for item in items])
        return super().update(spec, items)


class CountsNothing(MemoryAdapter):
    """Its calls cost nothing."""

    @property
    def calls(self) -> int:
        return 0


# describing


class PreparesUnasked(MemoryAdapter):
    """Makes the key field when it was only asked what would be done."""

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        return super().setup(spec, apply=True)


class InventsFields(MemoryAdapter):
    """Takes every field that a mapping names for one of the system's."""

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        schema = super().schema(spec)
        some = schema.fields["name"]
        return replace(
            schema, fields={f.path: schema.fields.get(f.path, replace(some, path=f.path)) for f in spec.fields}
        )


class TellsOfEditsNobodyMade(MemoryAdapter):
    """Takes itself for somebody else: every trimming of the system would become a user's word."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        return _all_edited(super().create(spec, items))

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        return _all_edited(super().update(spec, items))


def _all_edited(results: list[WriteResult]) -> list[WriteResult]:
    return [replace(one, edited=frozenset(one.stored.values)) if one.stored else one for one in results]


CASES = (
    Case(
        TellsOfEditsNobodyMade,
        (
            "test_nothing_is_told_where_nobody_edits",
            "test_what_somebody_said_before_a_write_is_not_told_of_what_is_written",
        ),
    ),
    Case(SkipsEqualStamps, ("test_equal_stamps_on_a_page_edge",)),
    Case(LosesLateCommits, ("test_late_commit_with_an_older_stamp",)),
    Case(LosesEqualStampsAtTheEnd, ("test_equal_stamp_after_the_last_page",)),
    Case(TakesItsOwnWriteForTheLastWord, ("test_an_amended_cursor_brings_what_users_change_afterwards",)),
    Case(SaysWhereItWasRead, ("test_changes_and_fetch_agree", "test_own_writes_come_back_as_changes")),
    Case(SaysOnlyWhichItIs, ("test_the_version_moves_with_the_record",)),
    Case(ReadsForEver, ("test_an_empty_object_has_an_end",)),
    Case(ReadsTheWholeDayAgain, ("test_an_idle_system_says_so",)),
    Case(KeepsThePlaceToItself, ("test_a_cursor_can_be_replayed", "test_a_reading_can_stop_after_any_page")),
    Case(TakesAnyCursor, ("test_garbage_cursor_is_refused",)),
    Case(TellsNoDeletes, ("test_deletes_come_as_tombstones",)),
    Case(ForgetsWhere, ("test_where_is_kept",)),
    Case(FetchesByWhere, ("test_where_is_kept",)),
    Case(PartialRefs, ("test_refs_are_complete",)),
    Case(FindsOnlyWhatIsThere, ("test_find_answers_every_key",)),
    Case(WritesEmptyAsText, ("test_empty_is_none",)),
    Case(LeavesOutEmptyFields, ("test_empty_is_none",)),
    Case(LeavesOutAField, ("test_values_are_those_of_the_specification",)),
    Case(SpeaksInFloats, ("test_values_are_plain",)),
    Case(NaiveStamps, ("test_values_are_plain",)),
    Case(RaisesItsOwn, ("test_fetch_survives_an_odd_id",)),
    Case(EchoesWhatWasSent, ("test_stored_is_what_the_system_holds",), Quirks(page=5, trims=True)),
    Case(DropsAResult, ("test_a_bad_item_takes_no_other_down",)),
    Case(MixesUpTheOrder, ("test_results_come_in_order", "test_known_and_new_keys_in_one_batch")),
    Case(TakesAllDown, ("test_a_bad_item_takes_no_other_down",)),
    Case(CutsInSilence, ("test_too_long_is_rejected_not_cut",)),
    Case(MakesDuplicates, ("test_create_with_a_known_key_makes_no_second",), OBLIVIOUS),
    Case(MakesDuplicates, ("test_lost_answer_to_a_create_is_in_doubt",), OBLIVIOUS),
    Case(AlwaysCreated, ("test_create_with_a_known_key_makes_no_second",)),
    Case(IgnoresExpected, ("test_a_stale_version_is_refused", "test_a_conflict_takes_no_other_down")),
    Case(DeletesWhatHasMoved, ("test_a_stale_delete_is_refused",)),
    Case(SwallowsUnknownFields, ("test_an_unknown_field_is_rejected", "test_a_bad_item_takes_no_other_down")),
    Case(EmptiesTheRest, ("test_update_changes_only_the_given_field",)),
    Case(NeverEmpties, ("test_update_can_empty_a_field",)),
    Case(FailsOnGone, ("test_delete_twice_is_ok",)),
    Case(NoKeyOnUpdate, ("test_update_gives_a_key",)),
    Case(FollowsRedirects, ("test_a_write_without_a_true_answer_is_not_done",)),
    Case(ReadsAPageForPeople, ("test_html_to_a_read_is_an_error", "test_redirect_of_a_read_is_an_error")),
    Case(CallsLostAnswersTransient, ("test_lost_answer_to_a_create_is_in_doubt",)),
    Case(CallsLostAnswersTransient, ("test_lost_answer_to_an_update_is_in_doubt",)),
    Case(RepeatsWrites, ("test_writes_are_not_repeated_by_the_adapter",)),
    Case(ForgetsTheWait, ("test_rate_limit_of_a_read",)),
    Case(ShowsItsPassword, ("test_repr_shows_no_secret",)),
    Case(ShowsItsPasswordInErrors, ("test_errors_show_no_secret",)),
    Case(ShowsValuesInErrors, ("test_errors_show_no_value",)),
    Case(LogsValues, ("test_logs_show_no_value",)),
    Case(CountsNothing, ("test_calls_are_counted",)),
    Case(PreparesUnasked, ("test_setup_without_apply_does_nothing",)),
    Case(InventsFields, ("test_schema_invents_no_field",)),
)
