"""Due: what one system must be told about one golden record, derived from golden record and shadow alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Final, Literal

from bridge.engine.merge.form import Form, holds
from bridge.engine.merge.quantity import difference
from bridge.mapping.units import Table, Unit
from bridge.ports.errors import MappingError
from bridge.ports.records import NativeValue
from bridge.ports.values import value
from bridge.ports.work import Golden, Shadow

EMPTY: Final = "is required and empty"
"""Ends the sentence on a value without which a system takes no record, or no row."""

UNREAD: Final = "holds something in another system that the mapping does not know: correct it, or name it in `values`"
"""Ends the sentence on a word that cannot be read (a unit of measure without conversion)."""


Why = Literal["", "delete", "archive", "restore"]
"""What a write is for, where it is more than carrying values: see `bridge.engine.plan.deletes`."""


@value(frozen=True, slots=True)
class Due:
    """The values to send and what stands in the way.

    missing: units that refer to a record which the system does not have yet, left out for now; of a new record also
        those without which the system takes none, and on which a person is asked (they are in `Golden.held`).
    deltas: path -> what is to be added, for those of the values that add up.
    blocked: the same, where the record cannot be written at all before (a create that lacks a required reference).
    problems: sentences on units that the system cannot express.
    refused: the record is not made as long as these problems stand: without what it is about (a line of an order, the
        currency of its prices) it would be another.
    why: delete or archive: the record is gone elsewhere, and is to go here too, or to be archived. restore: it is made
        here again, or set active again.
    """

    values: dict[str, NativeValue]
    missing: tuple[str, ...] = ()
    deltas: Mapping[str, str] = field(default_factory=dict)
    blocked: bool = False
    problems: tuple[str, ...] = ()
    refused: bool = False
    why: Why = ""

    @property
    def delete(self) -> bool:
        """Whether the record is to be deleted here."""
        return self.why == "delete"

    @property
    def gone(self) -> bool:
        """Whether the write only carries on that the record was deleted elsewhere."""
        return self.why in ("delete", "archive")

    @property
    def nothing(self) -> bool:
        """Whether the system is in step, as far as anything can be done about it."""
        return not (self.values or self.missing or self.problems or self.delete)


NOTHING: Final = Due({})
"""Of a record that is in step."""


def due_update(form: Form, golden: Golden, shadow: Shadow, unread: Collection[str] = ()) -> Due:
    """What a linked record lacks: for each unit the system takes, unless it shows the golden value already.

    Rows come with all that stands in them or not at all. A status is told alone, after everything else.

    unread: units on which some system has a word that cannot be read.
    """
    behind, moving = _behind(form, golden, shadow)
    due = _encode(form, golden, behind) if behind else NOTHING
    if form.emap.tables:
        due = _plus(due, due_rows(form, golden, shadow, unread))
    if not (due.values or due.missing or due.problems or _totals_held(form, golden)):
        behind = [unit for unit in moving if late(form, unit, golden, shadow)]
        due = _encode(form, golden, behind) if behind else NOTHING
    if due is NOTHING:
        return due
    # Only what differs: a group is decided as one unit, but a system is told no more than it has to be.
    values = {path: v for path, v in due.values.items() if path not in shadow.values or shadow.values[path] != v}
    return Due(values, due.missing, _deltas(form, values, shadow), problems=due.problems)


def _deltas(form: Form, values: Mapping[str, NativeValue], shadow: Shadow | None) -> dict[str, str]:
    """What is to be added to what the system was known to hold; to nothing, where the record is new."""
    if not form.emap.summed:
        return {}
    paths = {path for unit in form.emap.summed for path in unit.paths(form.system)}
    held = shadow.values if shadow is not None else {}
    return {path: difference(values[path], held.get(path)) for path in paths if path in values}


def _behind(form: Form, golden: Golden, shadow: Shadow) -> tuple[list[Unit], list[Unit]]:
    """The units that are late, without those that move; and those that move."""
    values, shown = golden.values, shadow.values
    behind: list[Unit] = []
    moving: list[Unit] = []
    for unit, name, path, column in form.emap.told(form.system):
        # as it is for nearly every field of nearly every record
        if path is not None:
            if path in shown and shown[path] == values.get(name):
                continue
        elif column is not None and holds(column, values.get(name), shown):
            continue
        if _has_word(unit, golden):
            if unit.moves:
                moving.append(unit)
            elif late(form, unit, golden, shadow):
                behind.append(unit)
    return behind, moving


def late(form: Form, unit: Unit, golden: Golden, shadow: Shadow) -> bool:
    """Whether the system shows something else than the golden value, and is told so."""
    agreed = golden.values.get(unit.name)
    return (
        unit.name not in shadow.stopped
        and form.system not in unit.on_create_only
        and not (unit.empty == "keeps" and agreed is None)
        and not form.in_step(unit, agreed, shadow.values, shadow.echo)
    )


def _totals_held(form: Form, golden: Golden) -> bool:
    """Whether two systems come to different sums: nothing is confirmed before that is cleared up."""
    return any(unit.name in golden.held for unit in form.emap.controls)


def due_create(form: Form, golden: Golden, left: Collection[str] = (), unread: Collection[str] = ()) -> Due:
    """What a new record is made of: every value there is, and the defaults of the mapping where there is none.

    left: units to leave out, because the system has nothing that they could refer to.
    unread: units on which some system has a word that cannot be read: no default stands for a word that is not known.
    """
    units = [unit for unit in _written(form, golden) if unit.name not in left and not unit.moves]
    filled = [unit for unit in units if golden.values.get(unit.name) is not None]
    due = _encode(form, golden, filled)
    rows = due_rows(form, golden, None, unread)
    values: dict[str, NativeValue] = {path: value for path, value in due.values.items() if value is not None}
    values |= rows.values
    problems = [*due.problems, *rows.problems]
    empty = [unit for unit in units if unit.required and golden.values.get(unit.name) is None]
    needed = _encode(form, golden, [unit for unit in filled if unit.required]).problems if due.problems else ()
    needed = needed or (_encode(form, golden, empty).problems if empty else ())
    refused = bool(needed or rows.problems)
    for unit in form.emap.units:
        if form.system not in unit.writes or golden.values.get(unit.name) is not None:
            continue
        default = unit.default_for(form.system)
        if unit.name in unread and (unit.required or default is not None):
            problems.append(f"{form.emap.entity}.{unit.name} {UNREAD}")
            refused = True
        elif default is not None:
            values.update(form.write(unit, default) or {})
        elif unit.required:
            problems.append(f"{unit.name} {EMPTY}")
            refused = True
    asked = undecided(form, golden, form.emap.units)
    blocked = bool(rows.missing or asked) or any(unit.name in due.missing and unit.required for unit in units)
    missing = (*due.missing, *asked, *rows.missing)
    return Due(values, missing, _deltas(form, values, None), blocked, tuple(problems), refused)


def waits_for(golden: Golden, missing: Collection[str], where: str, *, briefly: bool = False) -> str:
    """What a record waits for before it can be written, as the end of a sentence. briefly: without the keys of rows."""
    shown = {name: name.partition("[")[0] if briefly else name for name in missing}
    asked = dict.fromkeys(shown[name] for name in missing if name in golden.held)
    unknown = dict.fromkeys(shown[name] for name in missing if name not in golden.held)
    words = [f"for {', '.join(unknown)} to be known in {where}"] if unknown else []
    words += [f"for a person to decide {', '.join(asked)} (`bridge conflicts list`)"] if asked else []
    return f"waits {' and '.join(words)}"


def due_rows(form: Form, golden: Golden, shadow: Shadow | None, unread: Collection[str] = ()) -> Due:
    """Rows that the system lacks, whole, and those it has too many of; what differs inside rows that it has.

    A row that refers to something the system does not have yet is left out for now.
    """
    due = Due({})
    for table in form.emap.tables:
        if form.system in table.keys.writes and table.keys.name not in golden.held:
            due = _plus(due, _table_due(form, table, golden, shadow, unread))
    return due


def _plus(one: Due, other: Due) -> Due:
    return Due(
        {**one.values, **other.values}, (*one.missing, *other.missing), problems=(*one.problems, *other.problems)
    )


def _table_due(form: Form, table: Table, golden: Golden, shadow: Shadow | None, unread: Collection[str]) -> Due:
    path = table.keys.paths(form.system)[0]
    there = shadow.values.get(path) if shadow else None
    known = list(there) if isinstance(there, list) else []
    wanted = golden.values.get(table.name)
    due, held_back = Due({}), set[str]()
    for key in wanted if isinstance(wanted, list) else ():
        units = form.emap.row((table.name, key))
        if shadow is not None and key in known:
            due = _plus(
                due, _encode(form, golden, [u for u in _cells(form, units, golden) if late(form, u, golden, shadow)])
            )
            continue
        row = _new_row(form, units, golden, unread)
        if row.missing or row.problems:
            held_back.add(key)
        due = _plus(due, row if not held_back & {key} else replace(row, values={}))
    keys = [key for key in wanted if key not in held_back] if isinstance(wanted, list) else []
    if sorted(keys) != sorted(known):
        due = _plus(due, Due({path: list(keys)}))
    return due


def _new_row(form: Form, units: Sequence[Unit], golden: Golden, unread: Collection[str]) -> Due:
    filled = [unit for unit in _cells(form, units, golden) if golden.values.get(unit.name) is not None]
    due = _encode(form, golden, filled)
    values: dict[str, NativeValue] = {path: value for path, value in due.values.items() if value is not None}
    problems = list(due.problems)
    for unit in units:
        if form.system in unit.writes and golden.values.get(unit.name) is None:
            default = unit.default_for(form.system)
            if unit.name in unread:
                problems.append(f"{form.emap.entity}.{unit.name} {UNREAD}")
            elif default is not None:
                values.update(form.write(unit, default) or {})
            elif unit.required:
                problems.append(f"{unit.name} {EMPTY}")
    return Due(values, (*due.missing, *undecided(form, golden, units)), problems=tuple(problems))


def undecided(form: Form, golden: Golden, units: Iterable[Unit]) -> tuple[str, ...]:
    """Units without which the system takes no record, or no row, and on which a person is asked: required ones, and
    which rows there are (an order without its lines would be another)."""
    needed = (unit for unit in units if (unit.required or unit.kind == "rows") and form.system in unit.writes)
    return tuple(unit.name for unit in needed if unit.name in golden.held and not unit.computed)


def _cells(form: Form, units: Sequence[Unit], golden: Golden) -> Iterable[Unit]:
    return [u for u in units if form.system in u.writes and u.name in golden.provenance and u.name not in golden.held]


def _written(form: Form, golden: Golden) -> Iterable[Unit]:
    """Units that the system takes, on which somebody has a word, and that no open conflict holds; rows apart."""
    return (unit for unit in form.emap.taken(form.system) if _has_word(unit, golden))


def _has_word(unit: Unit, golden: Golden) -> bool:
    # an alarm keeps nobody from seeing what it is about
    return unit.name in golden.provenance and (unit.name not in golden.held or bool(unit.computed))


def _encode(form: Form, golden: Golden, units: Iterable[Unit]) -> Due:
    values: dict[str, NativeValue] = {}
    missing: list[str] = []
    problems: list[str] = []
    for unit in units:
        try:
            encoded = form.write(unit, golden.values.get(unit.name))
        except MappingError as error:
            problems.append(error.message)
            continue
        if encoded is None:
            if unit.missing != "leave":
                missing.append(unit.name)
        else:
            values.update(encoded)
    return Due(values, tuple(missing), problems=tuple(problems))
