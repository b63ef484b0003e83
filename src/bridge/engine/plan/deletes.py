"""Deletes, decided: what a delete made in one system is worth, and what follows from it in the others. Pure.

A delete that counts makes the golden record a dead one; then each system is due what its `deletes` says. A dead golden
record keeps its links: an archived record stays known, so that it cannot come in again as a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from bridge.engine.merge.form import Form
from bridge.engine.plan.due import Due
from bridge.engine.plan.marks import ARCHIVED, RESTORE, UNDONE
from bridge.mapping.compiled import EntityMap
from bridge.mapping.deletes import Deletes, shows
from bridge.mapping.units import Unit
from bridge.ports.records import NativeValue
from bridge.ports.work import Golden, Link, Proposal, Shadow

EDIT_BEATS: Final = "edit beats delete"
DELETE_BEATS: Final = "delete beats edit"
Rule = Literal["deleted", "restore", "edit beats delete", "delete beats edit"]


@dataclass(frozen=True, slots=True)
class Fate:
    """What a delete comes to. dies: the record is gone for everybody whom that concerns. again: it is made again where
    it was deleted."""

    dies: bool
    again: bool
    rule: Rule


def judge_delete(deletes: Deletes, *, owed: bool) -> Fate:
    """What a user's delete in one system comes to.

    owed: somebody's edit was on its way there: who deleted the record had not seen it.
    """
    if deletes.here == "restore":
        return Fate(dies=False, again=True, rule=EDIT_BEATS if owed else "restore")
    if deletes.here == "beat edits":
        return Fate(dies=True, again=False, rule=DELETE_BEATS if owed else "deleted")
    if owed:
        return Fate(dies=False, again=deletes.follows, rule=EDIT_BEATS)
    return Fate(dies=True, again=False, rule="deleted")


def due_gone(deletes: Deletes, shadow: Shadow) -> Due | None:
    """What a system is due of a record that was deleted elsewhere; None where it keeps it."""
    if deletes.elsewhere == "delete":
        return Due({}, why="delete")
    if deletes.elsewhere != "archive":
        return None
    sent = {path: shadow.echo.get(path, shadow.values.get(path)) for path in deletes.archive}
    late = {path: value for path, value in deletes.archive.items() if not shows(sent, {path: value})}
    return Due(late, why="archive") if late else None


def is_archived(deletes: Deletes, values: Mapping[str, NativeValue]) -> bool:
    """Whether a record with these native values is archived as this system does it."""
    return bool(deletes.archive) and shows(values, deletes.archive)


def set_active(deletes: Deletes, before: Mapping[str, NativeValue], now: Mapping[str, NativeValue]) -> bool:
    """Whether somebody has set an archived record active again."""
    return is_archived(deletes, before) and not is_archived(deletes, now)


def archiving(deletes: Deletes, link: Link, shadow: Shadow, reason: str) -> Link | None:
    """The link of a record that is about to be archived, with what its fields hold now; None where it stays as it is.

    Who archived it by hand before is not undone when the delete is.
    """
    if deletes.elsewhere != "archive" or link.linked_by in (ARCHIVED, UNDONE) or is_archived(deletes, shadow.values):
        return None
    return as_archived(link, {path: shadow.values.get(path) for path in deletes.archive}, reason)


def as_archived(link: Link, before: Mapping[str, NativeValue], reason: str) -> Link:
    """The link of a record that bridge archives. before: what the fields of the archive held."""
    held = {path: one for path, one in before.items() if isinstance(one, str | int | bool) or one is None}
    return replace(link, linked_by=ARCHIVED, reason=reason, values=held)


def due_living(form: Form, golden: Golden, link: Link, shadow: Shadow, due: Due) -> Due:
    """What a linked record lacks, with what sets it active again where bridge had archived it.

    A field of the archive that is mapped too gets what is agreed, if anything is; else what was there before.
    """
    if link.linked_by != ARCHIVED:
        return due
    archive, units = form.emap.deletes[form.system].archive, form.emap.archive_units(form.system)
    still = {path: value for path, value in archive.items() if shows(shadow.values, {path: value})}
    nobodys = {path: value for path, value in still.items() if units[path] not in golden.provenance}
    back = {path: _before(link, path, value) for path, value in nobodys.items()}
    if not back and not set(due.values) & set(archive):
        return due
    return replace(due, values={**due.values, **back}, why="restore")


def _before(link: Link, path: str, archived: NativeValue) -> NativeValue:
    """What a field held before the record was archived; for yes and no there is only one other value."""
    if isinstance(archived, bool):
        return not archived
    held = link.values.get(path)
    return held if isinstance(held, str | int) else None


def to_restore(emap: EntityMap, links: Iterable[Link]) -> list[Link]:
    """Links of one golden record, marked where its record is to be made again now that it lives on.

    Those who take part in deletes hold the same records: there it is made again, whoever had deleted it. A system
    that keeps what is deleted elsewhere keeps its own deletes too.
    """
    newest: dict[str, Link] = {}
    for link in links:
        held = newest.get(link.system)
        if held is None or _later(link, held):
            newest[link.system] = link
    wanted = [link for link in newest.values() if link.state == "gone" and link.linked_by not in (UNDONE, RESTORE)]
    return [made_again(link) for link in wanted if _exchanges(emap, link.system)]


def _exchanges(emap: EntityMap, system: str) -> bool:
    deletes = emap.deletes.get(system, Deletes())
    return deletes.follows or deletes.here == "restore"


def _later(link: Link, other: Link) -> bool:
    if link.state == "linked" or other.state == "linked":
        return link.state == "linked"
    return link.since is not None and (other.since is None or link.since > other.since)


def made_again(link: Link) -> Link:
    """The link of a record that is gone, marked to be made again."""
    return replace(link, linked_by=RESTORE, reason="deleted in the system; it is made again", values={})


def editor(golden: Golden, units: Sequence[Unit], system: str, due: Due, word: str) -> Proposal:
    """Who said last what a system has not been told: the edit that a delete competes with."""
    late = [unit for unit in units if set(unit.paths(system)) & set(due.values)]
    said = [golden.provenance[unit.name] for unit in late if unit.name in golden.provenance]
    dated = [one for one in said if one.at is not None]
    last = max(dated, key=lambda one: (one.at is not None and one.at.timestamp(), one.system), default=None)
    last = last or next(iter(said), None)
    return Proposal(last.system if last else "", word, last.at if last else None)
