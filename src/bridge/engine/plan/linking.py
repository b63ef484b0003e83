"""Linking: what a person says of identity, as plans. Pure: a plan says what is to be stored, or why it is refused.

Nothing is merged or written here. What a plan leaves is looked at by the next reading: a record that was linked by hand
meets its golden record there, one that was parted is taken in anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bridge.ports.work import AGAIN, Alias, Golden, Link, OutboxEntry, Separated

PERSON = "person"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person's word comes to.

    steps: sentences on what becomes of the records. refused: why nothing is done; to_do: what to do instead.
    links: crosswalk rows to save. dropped: links whose shadows are forgotten. parted, reunited: pairs that are not, and
    that are after all, the same. aliases: keys that golden records get in a system from now on. behind: golden ids that
    some system may lack something of by now. merge: loser and winner.
    """

    entity: str
    steps: tuple[str, ...] = ()
    refused: str = ""
    to_do: str = ""
    links: tuple[Link, ...] = ()
    dropped: tuple[Link, ...] = ()
    parted: tuple[Separated, ...] = ()
    reunited: tuple[Separated, ...] = ()
    aliases: tuple[Alias, ...] = ()
    behind: tuple[str, ...] = ()
    merge: tuple[str, str] | None = None


def link(one: Link, golden: Golden, links: Iterable[Link]) -> Plan:
    """The record is this golden record. links: of the golden record."""
    name, entity = named(one), golden.entity
    if one.state == "gone":
        return Plan(entity, refused=f"{name} is gone in {one.system}", to_do="Link a record that is there.")
    if one.golden_id == golden.id:
        return Plan(entity, refused=f"{name} is linked to {golden.id} already", to_do="You need do nothing.")
    if not golden.alive:
        words = f"{golden.id} was deleted: {name} would be deleted with it where the mapping says so"
        return Plan(entity, refused=words, to_do=f"`bridge links new {name}` takes it in as one of its own.")
    if one.golden_id is not None:
        return Plan(
            entity,
            refused=f"{name} is linked to another golden record, {one.golden_id}",
            to_do=f"Part it first (`bridge links unlink {name}`), or make the two golden records one (`links merge`).",
        )
    other = _there(links, one.system)
    if other is not None:
        return Plan(
            entity,
            refused=f"{golden.id} has a record in {one.system} already, {named(other)}: {name} is a duplicate of it",
            to_do=f"Merge the two in {one.system}; or unlink {named(other)} first, if that is the wrong one.",
        )
    row = replace(one, golden_id=golden.id, state="linked", linked_by=PERSON, reason="said by a person")
    return Plan(
        entity,
        steps=(f"{name} is {golden.id}. The next sync reads it and merges the two as at first contact.",),
        links=(_looked_at(row),),
        reunited=(Separated(one.system, entity, one.native_id, golden.id),),
        behind=tuple(dict.fromkeys((golden.id, *one.candidates))),
    )


def unlink(one: Link, links: Sequence[Link], under_way: Sequence[OutboxEntry], key: str) -> Plan:
    """The record is not the golden record that it is linked to; what it is, the match rules say at the next reading.

    key: a new id, by which the golden record will be known in that system.
    """
    plan = _parted(one, links, under_way, key)
    if plan.refused:
        return plan
    row = replace(one, golden_id=None, state="review", linked_by=PERSON, reason="unlinked by a person")
    told = f"{named(one)} is not {one.golden_id} any more. The next sync takes it in anew, by the match rules."
    return replace(plan, steps=(told, *plan.steps), links=(_looked_at(row),))


def split(one: Link, links: Sequence[Link], under_way: Sequence[OutboxEntry], key: str, golden_id: str) -> Plan:
    """The record leaves its golden record and becomes one of its own, `golden_id`. key: as for `unlink`."""
    plan = _parted(one, links, under_way, key)
    if plan.refused:
        return plan
    row = replace(one, golden_id=golden_id, state="linked", linked_by=PERSON, reason="split off by a person")
    told = f"{named(one)} becomes a golden record of its own, {golden_id}. The next sync makes it in the other systems."
    return replace(plan, steps=(told, *plan.steps), links=(_looked_at(row),))


def new(one: Link, golden_id: str) -> Plan:
    """A record under review is none of its candidates."""
    name = named(one)
    if one.state != "review":
        words = "is gone" if one.state == "gone" else f"is linked to {one.golden_id}, it does not wait for review"
        return Plan(one.entity, refused=f"{name} {words}", to_do="`bridge links review` shows what waits.")
    row = replace(one, golden_id=golden_id, state="linked", linked_by=PERSON, reason="new, said by a person")
    return Plan(
        one.entity,
        steps=(f"{name} is none of its candidates. The next sync takes it in and makes it in the other systems.",),
        links=(_looked_at(row),),
        parted=tuple(Separated(one.system, one.entity, one.native_id, golden) for golden in one.candidates),
        behind=one.candidates,
    )


def merge(winner: Golden, loser: Golden, links: Sequence[Link], under_way: Sequence[OutboxEntry]) -> Plan:
    """Two golden records are one. links: of both."""
    entity = winner.entity
    if winner.id == loser.id:
        return Plan(entity, refused=f"both are {winner.id} already", to_do="You need do nothing.")
    if under_way:
        return _busy(entity, under_way)
    both = [
        (mine, theirs)
        for mine in links
        for theirs in links
        if (mine.golden_id, theirs.golden_id) == (winner.id, loser.id)
        and mine.system == theirs.system
        and mine.state == theirs.state == "linked"
    ]
    if both:
        pairs = " and ".join(f"{named(theirs)} beside {named(mine)}" for mine, theirs in both)
        systems = " and ".join(sorted({mine.system for mine, _ in both}))
        return Plan(
            entity,
            refused=f"both have a record in {systems}: {pairs}",
            to_do=f"Merge these in {systems} itself, bridge follows; or part one of them first (`links unlink`).",
        )
    moved = tuple(named(one) for one in links if one.golden_id == loser.id and one.state == "linked")
    return Plan(
        entity,
        steps=(
            f"{loser.id} becomes {winner.id}, with {', '.join(moved) or 'no record'}.",
            f"The values of {winner.id} stand, {loser.id} fills what is empty; what differs goes to the journal.",
        ),
        behind=(winner.id,),
        merge=(loser.id, winner.id),
    )


def named(one: Link) -> str:
    """SYSTEM:ENTITY:ID."""
    return f"{one.system}:{one.entity}:{one.native_id}"


def _parted(one: Link, links: Sequence[Link], under_way: Sequence[OutboxEntry], key: str) -> Plan:
    """What unlinking and splitting have in common."""
    name = named(one)
    if one.state != "linked" or one.golden_id is None:
        return Plan(
            one.entity,
            refused=f"{name} is not linked to anything",
            to_do="`bridge links list` shows what is; what waits for review is for `links link` and `links new`.",
        )
    if not any(other.state == "linked" and other.system != one.system for other in links):
        return Plan(
            one.entity,
            refused=f"{name} is the only record of {one.golden_id}: there is nothing to part it from",
            to_do="You need do nothing.",
        )
    if under_way:
        return _busy(one.entity, under_way)
    lacking = f"{one.golden_id} has no record in {one.system} then: the next sync makes one, if it is written there."
    return Plan(
        one.entity,
        steps=(lacking,),
        dropped=(one,),
        parted=(Separated(one.system, one.entity, one.native_id, one.golden_id),),
        # The record may carry the golden id there: made anew under that, the golden record would be found in it again.
        aliases=(Alias(one.entity, key, one.golden_id, one.system),),
        behind=(one.golden_id,),
    )


def _busy(entity: str, under_way: Sequence[OutboxEntry]) -> Plan:
    systems = ", ".join(sorted({entry.system for entry in under_way}))
    return Plan(
        entity,
        refused=f"a write to {systems} is under way, and how it ended is not known yet",
        to_do="Run `bridge sync`, which looks it up, and say it again.",
    )


def _there(links: Iterable[Link], system: str) -> Link | None:
    return next((other for other in links if other.system == system and other.state == "linked"), None)


def _looked_at(row: Link) -> Link:
    return replace(row, candidates=(), fingerprint=AGAIN, values={}, since=None)
