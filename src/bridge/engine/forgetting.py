"""Forgetting: what bridge knows of one record is erased, because the person it is about asks for it.

What is kept is a mark for each id, from which neither the id nor any value can be read: should a system bring the
record back (its own backup, an undelete), it waits for a person instead of spreading everywhere again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from hashlib import blake2b

from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.ports.errors import BridgeError
from bridge.ports.records import NativeRecord
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Link

REASON = "was forgotten on request and is there again: `bridge links new` takes it in as if it were new"


def whereabouts(
    adapters: Mapping[str, Adapter], emap: EntityMap, records: Iterable[tuple[str, str]], keys: Collection[str]
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """((system, native id) of what is still there, system -> why it could not be asked).

    Asked of every system of the entity: for the records that bridge knows, and for any that carries one of the keys.
    """
    known: dict[str, list[str]] = {system: [] for system in emap.systems}
    for system, native_id in records:
        known.setdefault(system, []).append(native_id)
    there: set[tuple[str, str]] = set()
    silent: dict[str, str] = {}
    for system, ids in known.items():
        if system not in adapters or system not in emap.systems:
            silent[system] = "is not configured"
            continue
        try:
            there |= {(system, one) for one in _found(adapters[system], emap, ids, keys)}
        except BridgeError as error:
            silent[system] = str(error).removeprefix(f"{system}: ")
    return sorted(there), silent


def _found(adapter: Adapter, emap: EntityMap, native_ids: list[str], keys: Collection[str]) -> set[str]:
    spec = emap.spec(adapter.system)
    there = set(adapter.fetch(spec, native_ids)) if native_ids else set[str]()
    if keys:
        there |= {record.native_id for found in adapter.find(spec, sorted(keys)).values() for record in found}
    return there


def remember(uow: UnitOfWork, entity: str, keys: Iterable[str], records: Iterable[tuple[str, str]], day: str) -> None:
    """Keep the marks of ids that were forgotten. day: when."""
    for mark in (*(_mark(key) for key in keys), *(_mark(f"{system}:{one}") for system, one in records)):
        uow.set_flag(f"{_prefix(entity)}{mark}", day)


def forgotten(
    uow: UnitOfWork,
    entity: str,
    system: str,
    records: Iterable[NativeRecord],
    links: Mapping[str, Link],
    prints: Mapping[str, str],
) -> dict[str, Link]:
    """Native id -> the crosswalk row of a record that was forgotten and is there again. records: not linked."""
    prefix = _prefix(entity)
    marks = {name.removeprefix(prefix) for name in uow.flags(prefix)}
    if not marks:
        return {}
    found = {}
    for record in records:
        names = [f"{system}:{record.native_id}", *([record.key] if record.key else [])]
        if marks.isdisjoint(map(_mark, names)):
            continue
        row = Link(system, entity, record.native_id, None, "review", "match", REASON)
        old = links.get(record.native_id)
        since = old.since if old is not None and old.state == "review" else None
        found[record.native_id] = replace(row, fingerprint=prints[record.native_id], since=since)
    return found


def _prefix(entity: str) -> str:
    return f"forgotten:{entity}:"


def _mark(name: str) -> str:
    return blake2b(name.encode(), digest_size=16).hexdigest()
