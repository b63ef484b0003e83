"""The words of a mapping file, parsed: direction, conflict, write, paths, references. Each raises ValueError."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

from bridge.mapping.source import suggest
from bridge.mapping.units import POLICY_KINDS, Policy, PolicyKind

EXTERNAL_ID: Final = "external id"

TABLES: Final = {
    "country.iso2": "country",
    "currency.code": "currency",
    "language.code": "language",
    "state.code": "region",
    "user.email": "email",
    "tag.name": "list",
    "unit.name": "unit",
    "tax.name": "text",
    "stage.name": "text",
    "partner.name": "text",
}
"""The small tables an adapter resolves by itself, and the field type that fits each."""

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_-]*"
_PATH: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_FROM_TO: Final = re.compile(rf"(from|to)((?:\s+{_NAME})+)")
_PREFER: Final = re.compile(rf"prefer\s+({_NAME}(?:\s*>\s*{_NAME})*)")
_OWNER: Final = re.compile(rf"owner\s+by\s+({_NAME})")
_FUNCTION: Final = re.compile(rf"function\s+({_NAME})")


@dataclass(frozen=True, slots=True)
class Direction:
    """both; or only from, or only to, these systems."""

    kind: Literal["both", "from", "to"] = "both"
    systems: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.kind, *self.systems))


@dataclass(frozen=True, slots=True)
class Reference:
    """What `ref` says: a table of the adapter's, or records of an entity."""

    table: str | None = None
    entity: str | None = None


def direction(shown: str) -> Direction:
    """both | from x y | to x y"""
    if shown == "both":
        return Direction()
    parts = _FROM_TO.fullmatch(shown)
    if parts is None:
        raise ValueError(f"'{shown}' is no direction; write 'both', 'from x' or 'to x' (x is a system)")
    return Direction("from" if parts[1] == "from" else "to", tuple(parts[2].split()))


def policy(shown: str) -> Policy:
    """newest | prefer a > b | ask | highest | lowest | union | sum | owner by unit | function name"""
    if shown in POLICY_KINDS and shown not in ("prefer", "owner", "function"):
        return Policy(cast(PolicyKind, shown))
    if parts := _PREFER.fullmatch(shown):
        return Policy("prefer", tuple(word.strip() for word in parts[1].split(">")))
    if parts := _OWNER.fullmatch(shown):
        return Policy("owner", (parts[1],))
    if parts := _FUNCTION.fullmatch(shown):
        return Policy("function", (parts[1],))
    forms = "newest, prefer a > b, ask, highest, lowest, union, sum, owner by status, function name"
    raise ValueError(f"'{shown}' is no rule for conflicts{suggest(shown.split()[0] if shown else '', POLICY_KINDS)}"
                     f" (known: {forms})")  # fmt: skip


def constant(shown: str) -> str | None:
    """'= EUR' -> 'EUR': no native field, but what is so for every record of that system. None for anything else."""
    return shown[1:].strip() or None if shown.startswith("=") else None


def paths(shown: str) -> tuple[str, ...]:
    """'street+street2' -> ('street', 'street2')"""
    found = tuple(part.strip() for part in shown.split("+"))
    for part in found:
        if not _PATH.fullmatch(part):
            raise ValueError(f"'{part}' is no native field; write Name, Address.city, or street+street2")
    if len(set(found)) != len(found):
        raise ValueError("the same native field stands here twice")
    return found


def reference(shown: str) -> Reference:
    """country.iso2 | record customer"""
    if shown in TABLES:
        return Reference(table=shown)
    head, _, entity = shown.partition(" ")
    if head == "record" and entity.strip():
        return Reference(entity=entity.strip())
    raise ValueError(
        f"unknown reference '{shown}'{suggest(shown, TABLES)} (known: {', '.join(TABLES)}, or 'record' and an entity)"
    )
