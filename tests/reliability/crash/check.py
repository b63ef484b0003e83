"""What must hold after a story: every edit is in every system or in the journal, and nothing is there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reliability.crash.desks import Row
from reliability.crash.stories import Edit, Story, seen
from reliability.crash.world import World

UNITS = {"reference": "customer_reference"}
"""Field as people call it here -> its name in the mapping, where that is another one."""

Shown = Mapping[str, list[Row]]
"""system -> the records of one kind that belong to the story."""


@dataclass(slots=True)
class Findings:
    """lost: edits that are neither everywhere nor in the journal. duplicates: records, or movements, too many."""

    lost: int = 0
    duplicates: int = 0
    words: list[str] = field(default_factory=list)

    @property
    def none(self) -> bool:
        """Whether all is well."""
        return not (self.lost or self.duplicates)

    def missing(self, words: str) -> None:
        """Something is lost."""
        self.lost += 1
        self.words.append(f"lost: {words}")

    def twice(self, number: int, words: str) -> None:
        """Something is there too often."""
        self.duplicates += number
        self.words.append(f"duplicate: {words}")


def check(world: World, story: Story) -> Findings:
    """Look at both systems. The journal is asked only for words that no longer stand in any system."""
    found = Findings()
    by_kind: dict[str, Shown] = {
        kind: {system: seen(world, system, kind, story) for system in world.desks} for kind in story.records
    }
    for kind, shown in by_kind.items():
        for system, rows in shown.items():
            if len(rows) > 1:
                found.twice(len(rows) - 1, f"{len(rows)} of {kind} {story.records[kind]} in {system}")
            elif bool(rows) is (system in story.gone):
                words = "is still in" if rows else "is not in"
                found.missing(f"{kind} {story.records[kind]} {words} {system}")
    if "level" in story.records:
        _levels(story, by_kind["level"], found)
    if found.none:
        _edits(world, story, by_kind, found)
    return found


def _levels(story: Story, shown: Shown, found: Findings) -> None:
    wanted = story.level + story.moved
    for system, rows in shown.items():
        for row in rows[:1]:
            there = Decimal(row.values["on_hand"])
            if there > wanted:
                found.missing(f"{system} shows {there} of {row.values['sku']}, not {wanted}")
            elif there < wanted:
                found.twice(1, f"{system} shows {there} of {row.values['sku']}, not {wanted}")


def _edits(world: World, story: Story, by_kind: Mapping[str, Shown], found: Findings) -> None:
    fields: dict[tuple[str, str], list[Edit]] = defaultdict(list)
    for edit in story.edits:
        fields[edit.kind, edit.field].append(edit)
    for (kind, name), edits in fields.items():
        shown = {system: rows[0].values[name] for system, rows in by_kind[kind].items() if rows}
        open_ = _open(edits, shown)
        if not open_:
            continue
        said, held = _journal(world, kind, by_kind[kind], name)
        agreed = len(set(shown.values())) == 1
        for edit in open_:
            if not (edit.value in said and (agreed or held)):
                found.missing(f"{kind}.{name} = {edit.value!r} of {edit.system}: now {shown}, in the journal {said}")


def _open(edits: list[Edit], shown: Mapping[str, str]) -> list[Edit]:
    """The edits that do not stand everywhere, and were not overwritten by somebody who had seen them."""
    left: list[Edit] = []
    for place, edit in enumerate(edits):
        everywhere = all(value == edit.value for value in shown.values())
        known = any(later.saw == edit.value and later is not edit for later in edits[place + 1 :])
        if not (everywhere or known):
            left.append(edit)
    return left


def _journal(world: World, kind: str, shown: Shown, name: str) -> tuple[list[str], bool]:
    """Every word on a field that the journal holds, and whether the field is held for a person."""
    ids = {system: rows[0].id for system, rows in shown.items() if rows}

    def question(store: Any, adapters: Any, maps: Any) -> Any:
        with store.begin() as uow:
            goldens = {
                link.golden_id for system, id_ in ids.items() for link in uow.links(system, kind, [id_]).values()
            }
            rows = [row for golden in goldens if golden for row in uow.conflicts(golden_id=golden)]
        rows = [row for row in rows if row.unit == UNITS.get(name, name)]
        return [[str(one.value) for row in rows for one in row.proposals], any(row.state == "held" for row in rows)]

    said, held = world.bridge.ask(question)
    return said, held
