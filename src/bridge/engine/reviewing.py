"""Review: the records that wait for a person to say what they are, with everything needed to say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bridge.engine.plan.identity import resemblance, said_to_match
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Canonical, Link


@dataclass(frozen=True, slots=True)
class Candidate:
    """A golden record that the record may be.

    likeness: 0 to 1, by the mapping's match rules. values: what it says in the fields of those rules. records: its
    native records, as "SYSTEM:ENTITY:ID". twin: the one of them in the system of the record under review, if any.
    """

    golden_id: str
    likeness: float
    values: Mapping[str, Canonical] = field(repr=False)
    records: tuple[str, ...] = field(repr=False)
    twin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record under review. duplicate: "duplicate in crm of crm:customer:7" where its system has that twin."""

    record: str = field(repr=False)
    reason: str
    since: datetime | None
    values: Mapping[str, Canonical] = field(repr=False)
    candidates: tuple[Candidate, ...]
    duplicate: str = field(default="", repr=False)


def waiting(uow: UnitOfWork, emap: EntityMap, links: Sequence[Link]) -> list[Waiting]:
    """What waits for review, with its candidates, the likest first. links: in state review, of one entity."""
    ids = sorted({golden_id for link in links for golden_id in link.candidates})
    said = {one.id: said_to_match(emap.match, one.values) for one in uow.goldens(emap.entity, ids).values()}
    of_golden: dict[str, list[Link]] = {golden_id: [] for golden_id in ids}
    for link in uow.links_of(emap.entity, ids):
        if link.state == "linked" and link.golden_id:
            of_golden[link.golden_id].append(link)
    found = []
    for link in links:
        candidates = [_candidate(emap, link, one, said[one], of_golden[one]) for one in link.candidates if one in said]
        candidates.sort(key=lambda one: (-one.likeness, one.golden_id))
        twin = next((one.twin for one in candidates if one.twin), None)
        record = f"{link.system}:{link.entity}:{link.native_id}"
        duplicate = f"duplicate in {link.system} of {twin}" if twin else ""
        found.append(Waiting(record, link.reason, link.since, link.values, tuple(candidates), duplicate))
    return found


def _candidate(
    emap: EntityMap, link: Link, golden_id: str, values: Mapping[str, Canonical], links: Sequence[Link]
) -> Candidate:
    records = tuple(f"{one.system}:{one.entity}:{one.native_id}" for one in links)
    twin = next((f"{one.system}:{one.entity}:{one.native_id}" for one in links if one.system == link.system), None)
    likeness = round(resemblance(emap.match, link.values, values), 2)
    return Candidate(golden_id, likeness, values, records, twin)
