"""What an adapter at the level `reads` need not write itself: the answers to all that writes, and `where`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from bridge.ports.adapter import Capabilities, SetupStep
from bridge.ports.errors import Unsupported
from bridge.ports.records import Condition, CreateItem, DeleteItem, NativeRecord, NativeValue, ObjectSpec, UpdateItem


class ReadsOnly:
    """A base for adapters that begin with reading. Write `create` and `update` over these for the level `writes`."""

    @property
    def system(self) -> str:
        """The name of the system in the configuration."""
        raise NotImplementedError

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        """It reads, and the system does not tell what was deleted: that is found by comparing ids."""
        return Capabilities(
            create="unsupported", update="unsupported", delete="unsupported", deletes_feed="unsupported"
        )

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        """Nothing to learn."""

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        """Nothing to prepare: it is not written to."""
        return []

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        """As it is: always right."""
        return cursor

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> NoReturn:
        self._only_reads()

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> NoReturn:
        self._only_reads()

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> NoReturn:
        self._only_reads()

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> NoReturn:
        self._only_reads()

    def _only_reads(self) -> NoReturn:
        raise Unsupported("is read only by this adapter", system=self.system)


def belongs(where: Iterable[Condition], values: Mapping[str, NativeValue]) -> bool:
    """Whether a record meets every term of a `where`; for systems that do not filter by themselves."""
    return all(holds(term, values.get(term.path)) for term in where)


def holds(term: Condition, value: NativeValue) -> bool:
    """Whether a value meets a term. An empty text is no value."""
    value = None if value == "" else value
    wanted = term.value
    answers = {
        "=": value == wanted,
        "!=": value != wanted,
        "in": isinstance(wanted, tuple) and value in wanted,
        "not in": isinstance(wanted, tuple) and value not in wanted,
        "is set": value is not None,
        "is not set": value is None,
    }
    return answers[term.op]
