"""The decisions on deletes, one by one: what a delete is worth, what a system is due, what is made again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.engine.merge.form import Form, RefBook
from bridge.engine.plan.deletes import (
    Fate,
    archiving,
    due_gone,
    due_living,
    editor,
    judge_delete,
    set_active,
    to_restore,
)
from bridge.engine.plan.due import Due
from bridge.engine.plan.marks import ARCHIVED, EDITED, RESTORE, UNDONE
from bridge.engine.plan.undo import LeftAlone, SetBack, plan_undo
from bridge.mapping.deletes import Deletes
from bridge.ports.work import Golden, Link, Proposal, Provenance, Shadow
from engine.test_undo import known, row
from support.build import Scene, at, entity, field

FROZEN = Deletes("count", "archive", {"frozen": True})
STATE = Deletes("count", "archive", {"state": "old"})
DELETE = Deletes("count", "delete")
WHY = {name: Provenance("crm", None, "changed") for name in ("name", "frozen")}
GOLDEN = Golden("customer", "g1", 2, {"name": "A", "frozen": True}, WHY)
LINK = Link("erp", "customer", "7", "g1", "linked", "match")
SHADOW = Shadow("erp", "customer", "7", "g1", {"name": "A", "frozen": False, "state": "new"}, "v1", "f")


@pytest.mark.parametrize(
    ("deletes", "owed", "fate"),
    [
        (Deletes(), False, Fate(dies=True, again=False, rule="deleted")),
        (Deletes(), True, Fate(dies=False, again=False, rule="edit beats delete")),
        (DELETE, False, Fate(dies=True, again=False, rule="deleted")),
        (DELETE, True, Fate(dies=False, again=True, rule="edit beats delete")),
        (FROZEN, True, Fate(dies=False, again=True, rule="edit beats delete")),
        (Deletes("restore"), False, Fate(dies=False, again=True, rule="restore")),
        (Deletes("restore"), True, Fate(dies=False, again=True, rule="edit beats delete")),
        (Deletes("beat edits"), False, Fate(dies=True, again=False, rule="deleted")),
        (Deletes("beat edits", "delete"), True, Fate(dies=True, again=False, rule="delete beats edit")),
    ],
)
def test_what_a_delete_comes_to(deletes: Deletes, owed: bool, fate: Fate) -> None:
    assert judge_delete(deletes, owed=owed) == fate


def test_what_a_system_is_due_of_a_record_that_is_gone() -> None:
    assert due_gone(Deletes(), SHADOW) is None
    assert due_gone(DELETE, SHADOW) == Due({}, why="delete")
    assert due_gone(FROZEN, SHADOW) == Due({"frozen": True}, why="archive")
    assert due_gone(FROZEN, replace(SHADOW, values={"frozen": "1"})) is None, "however yes is spelt"
    assert due_gone(FROZEN, replace(SHADOW, echo={"frozen": True})) is None, "the system lets nobody archive it"
    assert due_gone(FROZEN, replace(SHADOW, values={})) == Due({"frozen": True}, why="archive")


def test_set_active_is_seen_and_nothing_else_is() -> None:
    assert set_active(FROZEN, {"frozen": True}, {"frozen": False})
    assert not set_active(FROZEN, {"frozen": False}, {"frozen": False})
    assert not set_active(FROZEN, {"frozen": True}, {"frozen": "true"})
    assert not set_active(DELETE, {"frozen": True}, {"frozen": False})


def test_a_record_to_be_archived_remembers_what_was_there() -> None:
    marked = archiving(STATE, LINK, SHADOW, "deleted in crm: archived here")
    assert marked == replace(LINK, linked_by=ARCHIVED, reason="deleted in crm: archived here", values={"state": "new"})
    assert archiving(STATE, LINK, replace(SHADOW, values={"state": "old"}), "") is None, "somebody did so before"
    assert archiving(DELETE, LINK, SHADOW, "") is None
    assert archiving(STATE, replace(LINK, linked_by=UNDONE), SHADOW, "") is None, "it is to be deleted"


def test_it_is_set_active_again_with_what_was_there() -> None:
    form = Scene(entity(field("name"), deletes={"erp": STATE})).form("erp")
    archived = replace(SHADOW, values={"name": "A", "state": "old"})
    link = replace(LINK, linked_by=ARCHIVED, values={"state": "new"})
    assert due_living(form, GOLDEN, link, archived, Due({})) == Due({"state": "new"}, why="restore")
    assert due_living(form, GOLDEN, link, archived, Due({"name": "B"})).values == {"name": "B", "state": "new"}
    assert due_living(form, GOLDEN, LINK, archived, Due({})) == Due({}), "archived by somebody else"
    assert due_living(form, GOLDEN, link, SHADOW, Due({"name": "B"})) == Due({"name": "B"})


def test_a_mapped_field_is_set_by_its_unit_alone() -> None:
    form = Scene(entity(field("name"), field("frozen"), deletes={"erp": FROZEN})).form("erp")
    archived = replace(SHADOW, values={"name": "A", "frozen": True})
    link = replace(LINK, linked_by=ARCHIVED, values={"frozen": False})
    unsaid = replace(GOLDEN, provenance={})
    assert due_living(form, GOLDEN, link, archived, Due({})) == Due({}), "blocked meanwhile, it stays so"
    assert due_living(form, unsaid, link, archived, Due({})).values == {"frozen": False}, "nobody has a word on it"
    assert due_living(form, GOLDEN, link, archived, Due({"frozen": False})) == Due({"frozen": False}, why="restore")
    assert due_living(form, GOLDEN, link, archived, Due({"name": "B"})) == Due({"name": "B"})


def test_a_reference_that_the_system_emptied_is_nobodys_edit() -> None:
    emap = entity(field("name"), field("parent", ref="customer"))
    unit = emap.unit("parent")
    form = Form(emap, "crm", RefBook(lost=frozenset({("crm", "customer", "7")})))
    assert form.lost(unit, None, {"parent": "7"})
    assert not form.lost(unit, None, {"parent": "8"}), "it is there: somebody emptied the field"
    assert not form.lost(unit, "g2", {"parent": "7"}), "another was chosen"
    assert not form.lost(emap.unit("name"), None, {"name": "7"})


def gone(system: str, native_id: str, seconds: float, how: str = "match") -> Link:
    return Link(system, "customer", native_id, "g1", "gone", how, since=at(seconds))


def test_who_takes_part_in_deletes_gets_the_record_back() -> None:
    emap = entity(field("name"), deletes={"crm": Deletes("restore"), "erp": FROZEN})
    links = [gone("crm", "1", 0), gone("crm", "2", 5), gone("erp", "3", 1), gone("fin", "4", 1)]
    assert [(x.system, x.native_id, x.linked_by) for x in to_restore(emap, links)] == [
        ("crm", "2", RESTORE),
        ("erp", "3", RESTORE),
    ]
    assert to_restore(emap, [gone("crm", "1", 0), replace(LINK, system="crm")]) == [], "it is there"
    assert to_restore(emap, [gone("crm", "1", 0), gone("crm", "2", 5, UNDONE)]) == [], "taken back by a person"


def test_the_journal_names_the_last_editor() -> None:
    units = (field("name"), field("note"))
    why = {"name": Provenance("fin", at(1), "changed"), "note": Provenance("erp", at(2), "changed")}
    golden = Golden("customer", "g1", 3, {"name": "B", "note": "n"}, why)
    assert editor(golden, units, "crm", Due({"name": "B", "note": "n"}), EDITED) == Proposal("erp", EDITED, at(2))
    assert editor(golden, units, "crm", Due({"name": "B"}), EDITED) == Proposal("fin", EDITED, at(1))
    assert editor(golden, units, "crm", Due({"other": "B"}), EDITED) == Proposal("", EDITED, None)


def test_a_run_that_carried_on_a_delete_is_taken_back() -> None:
    found = known()
    (golden_id,) = found.goldens
    dead = replace(found.goldens[golden_id], alive=False, provenance={"(record)": Provenance("crm", at(1), "deleted")})
    steps = plan_undo("run", [row("delete", version_after=None)], replace(found, goldens={golden_id: dead}))
    assert steps == [SetBack(dead.entity, dead.id, "(record)", "deleted", "kept", "crm")]
    (left,) = plan_undo("run", [row("delete", version_after=None)], found)
    assert isinstance(left, LeftAlone), "it lives already"
