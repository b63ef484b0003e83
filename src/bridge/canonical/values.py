"""The error that every parser of this package raises, and the plain values they work on."""

from __future__ import annotations

from typing import Final

Plain = None | bool | int | str | list[str]
"""A value as it comes from a system: see `bridge.ports.records` for the exact promise."""

Scalar = None | bool | int | str
Normal = Scalar | list[str]
"""A canonical value of one field (a group is a dict of scalars)."""

UNREADABLE: Final = "unreadable"


class InvalidValue(ValueError):
    """A value that is not what its type says.

    The message never holds the value: it is stored and printed, and the value may be personal data.
    `path` is filled in by whoever knows the native field.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path: str | None = None
