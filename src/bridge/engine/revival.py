"""Revival: records that are there, or active, again under the same golden id, and what hangs on that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.engine.plan.deletes import as_archived
from bridge.engine.plan.marks import ARCHIVED, RESTORE, RESTORED, UNDONE
from bridge.engine.runtime import Run
from bridge.engine.work import enqueue_due, wake_behind
from bridge.mapping.compiled import EntityMap
from bridge.ports.records import NativeValue
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Link


def mark_archived(
    run: Run, uow: UnitOfWork, emap: EntityMap, system: str, before: Mapping[str, Mapping[str, NativeValue]]
) -> None:
    """Records that bridge has archived: their links say so, and what the fields held before, unless they do already.

    They do where the delete was noticed under the mapping of today; not where the mapping came to say `archive` later.
    """
    if not before:
        return
    known = uow.links(system, emap.entity, list(before)).values()
    links = [link for link in known if link.state == "linked" and link.linked_by not in (ARCHIVED, UNDONE)]
    reason = "deleted elsewhere: archived here"
    uow.save_links([as_archived(link, before[link.native_id], reason) for link in links], run.now)


def refer_again(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, linked: Sequence[Link]) -> None:
    """Records were linked just now: what waited for one of them may go, whoever made it, and whatever happens next.

    Where they stand for others that are gone (made again, or a copy that was waiting for a person takes the place of
    what it is a copy of), what referred to those is to refer to them. The old native id stays known as that golden
    record's, so that it can be explained and is never taken for a new one.
    """
    if not linked:
        return
    wake_behind(run, uow, emap.entity, system)
    referring = [one for one in run.runtime.maps.values() if emap.entity in one.depends_on and system in one.systems]
    if not referring and not any(one.follows or one.here == "restore" for one in emap.deletes.values()):
        return
    ids = [link.golden_id for link in linked if link.golden_id]
    gone = [link for link in uow.links_of(emap.entity, ids, [system]) if link.state == "gone"]
    if not gone:
        return
    done = "deleted in the system; made again since"
    again = [replace(link, linked_by=RESTORED, reason=done) for link in gone if link.linked_by == RESTORE]
    uow.save_links(again, run.now)
    replaced = sorted({link.golden_id for link in gone if link.golden_id})
    for other in referring:
        enqueue_due(run, uow, other, uow.mentioning(other.entity, replaced))
