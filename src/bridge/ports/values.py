"""Value classes: frozen for the type checker, and quick to make.

`@dataclass(frozen=True)` guards every value at run time as well, and each field then costs a call when a value is made:
made by the hundred for every record, that was a seventh of all the time bridge took. mypy refuses an assignment to a
field of these just the same; nothing here assigns one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    import dataclasses

    def value(*, frozen: bool = True, eq: bool = True, **options: Any) -> Any:
        """As `dataclasses.dataclass`, compared and hashed by the fields, without the guard at run time."""
        assert frozen, "a value does not change"
        return dataclasses.dataclass(eq=eq, unsafe_hash=eq, **options)


__all__ = ["value"]
