"""Where bridge's ids are kept: Tryton has no field for the id of another program.

A party and a product have *identifiers*, rows of their own made for this: one without a type holds "bridge:ID". Other
records carry the same mark at the end of a text that stays writable in every state (the reference of a sale, the note
of its lines), behind whatever a person has written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

IDENTIFIERS: Final = "identifiers"
PREFIX: Final = "bridge:"
_MARK: Final = re.compile(r"(?:^|\s)bridge:(\S+)\s*\Z")


def key_in(text: object) -> str | None:
    """The key at the end of a text, if any."""
    found = _MARK.search(text) if isinstance(text, str) else None
    return found[1] if found else None


def without_key(text: object) -> str | None:
    """What a person has written there; None where that is nothing."""
    return _MARK.sub("", text).rstrip() or None if isinstance(text, str) else None


def with_key(text: object, key: str) -> str:
    """The text with this key in place of another."""
    return " ".join(one for one in (without_key(text), PREFIX + key) if one)


def key_among(identifiers: Iterable[Mapping[str, Any]]) -> str | None:
    """The key among the identifiers of a record; the oldest, where somebody has copied one."""
    codes = [str(one.get("code")) for one in sorted(identifiers, key=lambda one: int(one["id"])) if not one.get("type")]
    return next((code.removeprefix(PREFIX) for code in codes if code.startswith(PREFIX)), None)


def search_for(field: str, keys: Iterable[str]) -> list[Any]:
    """A domain for the records that carry these keys, and perhaps some more."""
    if field == IDENTIFIERS:
        return [[f"{IDENTIFIERS}.code", "in", [PREFIX + key for key in keys]]]
    return [["OR", *([[field, "like", f"%{PREFIX}{_escaped(key)}"]] for key in keys)]]


def _escaped(key: str) -> str:
    return key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
