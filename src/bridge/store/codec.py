"""Rows to values and back. JSON by orjson: the body of a record is one blob, read and written as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from bridge.ports.provenance import Provenances
from bridge.ports.work import (
    Golden,
    Intent,
    Link,
    OutboxEntry,
    Proposal,
    Provenance,
    Shadow,
)
from bridge.store.schema import OUTBOX


def pack(value: object) -> bytes:
    """JSON with sorted keys, so that equal values are equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def unpack(blob: bytes) -> Any:
    """The value of a blob written by `pack`."""
    return orjson.loads(blob)


@lru_cache(maxsize=1024)  # the fields of a record, and the records of a bulk write, were changed at one instant
def instant_out(value: datetime | None) -> str | None:
    """An instant as it stands in a blob."""
    return None if value is None else value.isoformat()


def instant_in(value: str | None) -> datetime | None:
    """The inverse of `instant_out`."""
    return None if value is None else datetime.fromisoformat(value)


def proposals_out(proposals: tuple[Proposal, ...]) -> list[list[object]]:
    """[system, value, instant] of each proposal."""
    return [[p.system, p.value, instant_out(p.at)] for p in proposals]


def proposals_in(rows: list[list[Any]]) -> tuple[Proposal, ...]:
    """The inverse of `proposals_out`."""
    return tuple(Proposal(system, value, instant_in(at)) for system, value, at in rows)


def _provenance_in(row: list[Any]) -> Provenance:
    system, at, rule, proposals = row
    return Provenance(system, instant_in(at), rule, proposals_in(proposals) if proposals else ())


def _provenance_out(found: Provenance) -> list[object]:
    return [found.system, instant_out(found.at), found.rule, proposals_out(found.proposals)]


def golden_row(golden: Golden, at: datetime) -> dict[str, object]:
    """A golden record as a row of its table."""
    why: Mapping[str, object]
    if isinstance(golden.provenance, Provenances):
        told = {unit: _provenance_out(found) for unit, found in golden.provenance.told.items()}
        why = {**golden.provenance.rows, **told}
    else:
        why = {unit: _provenance_out(found) for unit, found in golden.provenance.items()}
    body = {"v": golden.values, "p": why, "h": golden.held}
    return {
        "entity": golden.entity,
        "id": golden.id,
        "rev": golden.rev,
        "alive": golden.alive,
        "body": pack(body),
        "at": at,
    }


def golden_of(row: Any) -> Golden:
    """A row of the golden table as a value. By position, here and below: a name costs as much as a value."""
    entity, id_, rev, alive, blob, _ = row
    body = unpack(blob)
    return Golden(entity, id_, rev, body["v"], Provenances(body["p"], _provenance_in), body["h"], alive)


def shadow_row(shadow: Shadow) -> dict[str, object]:
    """A shadow as a row of its table."""
    body: dict[str, object] = {"v": shadow.values}
    if shadow.echo:
        body["e"] = shadow.echo
    if shadow.stopped:
        body["s"] = shadow.stopped
    return {
        "system": shadow.system,
        "entity": shadow.entity,
        "native_id": shadow.native_id,
        "golden_id": shadow.golden_id,
        "version": shadow.version,
        "fingerprint": shadow.fingerprint,
        "modified": shadow.modified,
        "waiting_for": shadow.waiting_for,
        "seen_at": shadow.seen_at,
        "body": pack(body),
    }


def shadow_of(row: Any) -> Shadow:
    """A row of the shadow table as a value."""
    system, entity, native_id, golden_id, version, fingerprint, modified, waiting_for, seen_at, blob = row
    body = unpack(blob)
    echo, stopped = body.get("e", {}), tuple(body.get("s", ()))
    return Shadow(
        system,
        entity,
        native_id,
        golden_id,
        body["v"],
        version,
        fingerprint,
        modified,
        echo,
        stopped,
        waiting_for,
        seen_at,
    )


def link_row(link: Link, at: datetime) -> dict[str, object]:
    """A link as a row of the crosswalk; its candidates go to a table of their own."""
    return {
        "system": link.system,
        "entity": link.entity,
        "native_id": link.native_id,
        "golden_id": link.golden_id,
        "state": link.state,
        "linked_by": link.linked_by,
        "reason": link.reason,
        "fingerprint": link.fingerprint,
        "body": pack(link.values) if link.values else None,
        "at": link.since if link.since and link.state == "review" else at,
    }


def link_of(row: Any, candidates: tuple[str, ...] = ()) -> Link:
    """A row of the crosswalk as a value."""
    system, entity, native_id, golden_id, state, linked_by, reason, fingerprint, blob, at = row
    values = unpack(blob) if blob else {}
    return Link(system, entity, native_id, golden_id, state, linked_by, reason, candidates, fingerprint, values, at)


def intent_out(intent: Intent | None) -> bytes | None:
    """An intent as a blob."""
    if intent is None:
        return None
    return pack(
        {
            "op": intent.op,
            "id": intent.native_id,
            "before": intent.before,
            "after": intent.after,
            "version": intent.version_before,
            **({"deltas": intent.deltas, "reference": intent.reference} if intent.reference else {}),
            **({"key": intent.key} if intent.key else {}),
            **({"at": instant_out(intent.at)} if intent.at else {}),
        }
    )


def intent_in(blob: bytes | None) -> Intent | None:
    """The inverse of `intent_out`."""
    if blob is None:
        return None
    body: Mapping[str, Any] = unpack(blob)
    more = (body.get("deltas", {}), body.get("reference", ""), body.get("key", ""), instant_in(body.get("at")))
    return Intent(body["op"], body["id"], body["before"], body["after"], body["version"], *more)


def entry_of(row: Any) -> OutboxEntry:
    """A row of the outbox as a value."""
    return OutboxEntry(
        id=row.id,
        system=row.system,
        entity=row.entity,
        golden_id=row.golden_id,
        state=row.state,
        rev=row.rev,
        attempts=row.attempts,
        fence=row.fence,
        next_at=row.next_at,
        lease_until=row.lease_until,
        intent=intent_in(row.intent),
        error_code=row.error_code,
        error=row.error,
        created_at=row.created_at,
    )


OF_A_CLAIM: Final = tuple(
    OUTBOX.c[name]
    for name in ("id", "golden_id", "rev", "attempts", "fence", "intent", "error_code", "error", "created_at")
)
"""What is not known of an entry that was just claimed."""


def claimed(row: Any, system: str, entity: str, lease_until: datetime) -> OutboxEntry:
    """A row of OF_A_CLAIM as a value. By position: claims are made by the hundred thousand."""
    id_, golden_id, rev, attempts, fence, intent, code, error, created = row
    sent = intent_in(intent)
    return OutboxEntry(
        id_, system, entity, golden_id, "leased", rev, attempts, fence, None, lease_until, sent, code, error, created
    )
