"""Records that are brought into native form only if somebody looks into them.

The assignments here are marked for the type checker, to which records are frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bridge.ports.records import NativeRecord

_LATER: Final = ("values", "version", "modified", "key", "archived")


class LazyRecord(NativeRecord):
    """A record of which only id and `said` are known, until anything else is asked of it.

    A reading brings most records once more that were heard before: by the overlap that catches late commits, after a
    migration, when a whole listing is compared. Their fingerprint tells that, and what they say is never looked at.
    """

    __slots__ = ("_read",)
    _read: Callable[[], NativeRecord]

    @classmethod
    def met(cls, native_id: str, said: bytes, read: Callable[[], NativeRecord]) -> LazyRecord:
        """Such a record. read: makes the record of the answer it came in; pure, and called once at most."""
        record = cls.__new__(cls)
        record.native_id, record.said, record._read = native_id, said, read  # type: ignore[misc]  # see above
        return record

    def __getattr__(self, name: str) -> Any:
        # called for what has not been set yet only: once read, it is as quick as any other record
        if name not in _LATER:
            raise AttributeError(name)
        one = self._read()
        self.values, self.version, self.modified = one.values, one.version, one.modified  # type: ignore[misc]  # see above
        self.key, self.archived = one.key, one.archived  # type: ignore[misc]  # see above
        del self._read  # and with it the answer
        return getattr(self, name)

    def __eq__(self, other: object) -> bool:
        """As any record with the same content."""
        return isinstance(other, NativeRecord) and _content(self) == _content(other)

    __hash__ = NativeRecord.__hash__


def _content(record: NativeRecord) -> tuple[Any, ...]:
    return (record.native_id, *(getattr(record, name) for name in _LATER))
