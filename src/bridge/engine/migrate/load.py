"""Load: the source's records, parents before children, a page at a time into the target, a checkpoint behind each.

Each page goes through the outbox like any edit: noted, claimed, intent committed, written in batches, read back,
settled. So at most one page of a migration stands in the outbox, whatever is killed finds its place again, and live
sync beside it sees nothing but records that are in step.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from bridge.engine.cycle import look_up_doubts
from bridge.engine.migrate.way import Way, golden_ids, linked_pages
from bridge.engine.outbox.deliver import deliver
from bridge.engine.plan.deletes import made_again
from bridge.engine.plan.marks import UNDONE
from bridge.engine.restoring import waits_for_reading
from bridge.engine.runtime import Run
from bridge.engine.stops import enforce
from bridge.engine.work import enqueue_due
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import UnitOfWork

DONE = "done"
"""In the place of a checkpoint: all pages of the entity have been written."""


def checkpoint_flag(run: str) -> str:
    """The flag that says how far a run has come: entity -> the last native id whose page was written."""
    return f"migrated:{run}"


def checkpoints(uow: UnitOfWork, run: str) -> dict[str, str]:
    """How far a run has come: "done", or the id in the source up to which everything was written."""
    text = uow.flag(checkpoint_flag(run))
    return dict(orjson.loads(text)) if text else {}


def load(run: Run, way: Way) -> None:
    """Write all pages that are still to be written, then what was waiting for them. In place of the cycle's `write`."""
    run.stopped = enforce(run)
    with run.store.begin() as uow:
        places = checkpoints(uow, run.id)
    for emap in way.maps(run.runtime.maps).values():
        if places.get(emap.entity) != DONE and _ready(run, emap, way):
            _load_entity(run, emap, way, places.get(emap.entity, ""))
    for emap in way.maps(run.runtime.maps).values():  # what was to be tried again, or waited for something made since
        if emap.entity not in run.stopped and way.target not in run.down:
            _drain(run, emap, way)


def ready(uow: UnitOfWork, emap: EntityMap, way: Way) -> bool:
    """Whether both sides have been read in full and matched: before that nothing is created."""
    sides = (way.source, way.target)
    return not waits_for_reading(uow, emap) and all(uow.cursor(side, emap.entity).complete for side in sides)


def _ready(run: Run, emap: EntityMap, way: Way) -> bool:
    if emap.entity in run.stopped or way.target in run.down:
        return False
    with run.store.begin() as uow:
        return ready(uow, emap, way)


def _load_entity(run: Run, emap: EntityMap, way: Way, after: str) -> None:
    able = run.runtime.adapters[way.target].capabilities(emap.spec(way.target))
    size = max(run.runtime.pace.page, able.batch_migrate)
    done = 0
    for page in linked_pages(run.store, way, emap.entity, after, size):
        if not _write_page(run, emap, way, golden_ids(page), anew=True):
            return
        _keep_place(run, emap.entity, next(reversed(page)))  # in the order of the database, not of Python
        run.passes.clear()  # counted for each page: memory must not grow with the records
        done += len(page)
        run.runtime.point("after migrated page")
        run.runtime.progress("load", way.target, emap.entity, done)
    if emap.entity in emap.depends_on:  # a parent may have come after its child: once more over all, for what lacks it
        for page in linked_pages(run.store, way, emap.entity, "", size):
            if not _write_page(run, emap, way, golden_ids(page), anew=False):
                return
    _keep_place(run, emap.entity, DONE)


def _write_page(run: Run, emap: EntityMap, way: Way, ids: Sequence[str], *, anew: bool) -> bool:
    """Write one page until nothing of it is due that can be written now. Returns whether the target still answers.

    anew: whether what was refused before is tried again: once, for its cause may be gone.
    """
    with run.store.begin() as uow:
        _make_again(run, uow, emap, way, ids)
        enqueue_due(run, uow, emap, ids, only=way.target, anew=anew)
    for _ in range(run.runtime.pace.passes):  # what is due after a write is noted as it is settled
        run.go_on()
        if way.target in run.down:
            return False
        written = deliver(run, emap, way.target)
        look_up_doubts(run, [way.target])
        if not written:
            break
    return way.target not in run.down


def _make_again(run: Run, uow: UnitOfWork, emap: EntityMap, way: Way, ids: Sequence[str]) -> None:
    """What a run made that was undone since may be made again: this run was confirmed after that."""
    links = [link for link in uow.links_of(emap.entity, ids, [way.target]) if link.state == "gone"]
    uow.save_links([made_again(link) for link in links if link.linked_by == UNDONE], run.now)


def _drain(run: Run, emap: EntityMap, way: Way) -> None:
    for _ in range(run.runtime.pace.passes):
        with run.store.begin() as uow:
            uow.wake(way.target, emap.entity)
        written = deliver(run, emap, way.target)
        look_up_doubts(run, [way.target])
        if not written:
            return


def _keep_place(run: Run, entity: str, native_id: str) -> None:
    with run.store.begin() as uow:
        places = {**checkpoints(uow, run.id), entity: native_id}
        uow.set_flag(checkpoint_flag(run.id), orjson.dumps(places).decode())


def restarted(uow: UnitOfWork, run: str) -> None:
    """The load is to be made from its beginning: what is in step is left alone."""
    uow.set_flag(checkpoint_flag(run), "")
