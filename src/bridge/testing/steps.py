"""Steps that the tests of the contract share. Each fails by AssertionError with a sentence."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from bridge.ports.adapter import Adapter
from bridge.ports.errors import BridgeError
from bridge.ports.records import CreateItem, NativeRecord, NativeValue, Tombstone, UpdateItem, WriteResult
from bridge.testing.harness import FaultKind, Harness, Operation

T = TypeVar("T")
_PAGES = 500


@dataclass(slots=True)
class Read:
    """What a reading to the end brought. Records may come more than once."""

    records: list[NativeRecord] = field(default_factory=list)
    tombstones: list[Tombstone] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)

    @property
    def cursor(self) -> str:
        """Where the next reading starts."""
        return self.cursors[-1]

    @property
    def ids(self) -> set[str]:
        """The native ids of the records."""
        return {record.native_id for record in self.records}

    @property
    def gone(self) -> set[str]:
        """The native ids of the tombstones."""
        return {stone.native_id for stone in self.tombstones}

    def texts(self, path: str) -> list[NativeValue]:
        """What the records hold in a field."""
        return [record.values.get(path) for record in self.records]

    def last(self, native_id: str) -> NativeRecord:
        """The record as it came last."""
        found = [record for record in self.records if record.native_id == native_id]
        assert found, f"record {native_id} was not delivered"
        return found[-1]


def read(h: Harness, adapter: Adapter, cursor: str | None = None, limit: int = 100) -> Read:
    """Read changes until there are no more."""
    found = Read()
    for _ in range(_PAGES):
        page = adapter.changes(h.spec, cursor, limit)
        cursor = page.cursor
        found.records.extend(page.records)
        found.tombstones.extend(page.tombstones)
        found.cursors.append(cursor)
        if not page.more:
            return found
    raise AssertionError(f"changes says after {_PAGES} pages that there is more: it does not come to an end")


def allow(call: Callable[[], T]) -> T | BridgeError:
    """The answer or the error of a call; any error but those of `bridge.ports.errors` is a breach."""
    try:
        return call()
    except BridgeError as error:
        return error
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} left the adapter; only errors of bridge.ports may") from error


def refuse(call: Callable[[], object], *kinds: type[BridgeError]) -> BridgeError:
    """The error of a call that must fail with one of these errors."""
    answer = allow(call)
    wanted = kinds or (BridgeError,)
    names = " or ".join(kind.__name__ for kind in wanted)
    assert isinstance(answer, wanted), f"expected {names}, got {type(answer).__name__}: {answer}"
    return answer


def make(h: Harness, adapter: Adapter, *numbers: int) -> list[tuple[str, NativeRecord]]:
    """Create samples; the key and the stored record of each."""
    items = [CreateItem(h.new_key(), h.sample(n)) for n in numbers]
    results = adapter.create(h.spec, items)
    assert len(results) == len(items), f"{len(results)} results for {len(items)} items"
    return [(item.key, stored(h, adapter, result)) for item, result in zip(items, results, strict=True)]


def stored(h: Harness, adapter: Adapter, result: WriteResult) -> NativeRecord:
    """What a successful write says the system holds; read where the adapter could not read it back."""
    assert result.outcome == "ok", f"the write {result.outcome}: {result.error}"
    assert result.native_id, "a successful write names no record"
    record = result.stored or adapter.fetch(h.spec, [result.native_id]).get(result.native_id)
    assert record, "a record that was written cannot be fetched"
    assert record.native_id == result.native_id, "result and stored record name different records"
    return record


def fetch(h: Harness, native_id: str) -> NativeRecord:
    """The record as a new adapter sees it."""
    found = h.adapter().fetch(h.spec, [native_id])
    assert set(found) == {native_id}, f"asked for one record, got {sorted(found)}"
    return found[native_id]


def change(h: Harness, adapter: Adapter, native_id: str, text: str, expected: str | None = None) -> WriteResult:
    """Change the text field of one record."""
    results = adapter.update(h.spec, [UpdateItem(native_id, {h.features.text: text}, expected)])
    assert len(results) == 1, f"{len(results)} results for one item"
    return results[0]


def create_again(h: Harness, adapter: Adapter, item: CreateItem) -> WriteResult:
    """Repeat a create whose outcome is not known, as the engine does after its look-up; there must be one record."""
    result = adapter.create(h.spec, [item])[0]
    found = h.adapter().find(h.spec, [item.key])[item.key]
    assert len(found) == 1, f"{len(found)} records carry the key after the repeat"
    assert result.outcome == "ok", f"the repeat {result.outcome}: {result.error}"
    assert result.native_id == found[0].native_id, "the repeat names another record than the look-up"
    return result


def over(sample: Mapping[str, NativeValue], path: str, value: NativeValue) -> dict[str, NativeValue]:
    """A sample with one field changed."""
    return {**sample, path: value}


def writes(h: Harness, adapter: Adapter) -> bool:
    """Whether the adapter makes and changes records at all."""
    caps = adapter.capabilities(h.spec)
    return "unsupported" not in (caps.create, caps.update)


def ready(h: Harness) -> Adapter:
    """An adapter that is logged in and has read once, so that the next call meets the fault and not a log-in."""
    adapter = h.adapter()
    adapter.check()
    adapter.schema(h.spec)
    read(h, adapter)
    key = h.new_key()
    if writes(h, adapter):
        key, record = make(h, adapter, 9000)[0]
        change(h, adapter, record.native_id, "warm")
    adapter.find(h.spec, [key])
    return adapter


def arm(h: Harness, fault: FaultKind, on: Operation) -> None:
    """Arm a fault, or skip the test where the system cannot simulate it."""
    if not h.arm(fault, on):
        pytest.skip(f"the system under test cannot simulate {fault}")


def settle(h: Harness, adapter: Adapter) -> None:
    """Let pass what the system's stamps need to tell two changes apart."""
    h.tick(adapter.capabilities(h.spec).clock_grain.total_seconds() + 0.001)


def printed(error: BaseException) -> str:
    """Everything that printing an error, with the errors it came from, would show."""
    return "\n".join([str(error), repr(error), *traceback.format_exception(error)])


def none_of(secrets: Iterable[str], text: str, where: str) -> None:
    """None of these texts is shown."""
    assert not any(secret and secret in text for secret in secrets), f"{where} shows a secret or a value"


def outcomes(results: Sequence[WriteResult] | BridgeError) -> list[str]:
    """The outcomes of a batch; an error of the whole batch has none."""
    return [] if isinstance(results, BridgeError) else [result.outcome for result in results]
