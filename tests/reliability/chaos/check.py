"""What must hold in the end: G1 to G5, asked of the systems, and of what they noted while it happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from bridge.config import load_config
from bridge.engine.agreement import compare
from bridge.store import Database
from bridge.wiring import make_adapters, make_maps
from reliability.chaos.systems import website
from reliability.chaos.users import OBJECTS, TAX, WEBSITE, Users
from support.served import Desk

EVERYTHING = 1_000_000


def out_of_step(file: object, store: Database) -> list[str]:
    """G2: what does not show the golden value, by a fresh look at every system."""
    config = load_config(file)  # type: ignore[arg-type]
    adapters = make_adapters(config)
    try:
        found = compare(store, adapters, make_maps(config)).disagreements
    finally:
        for adapter in adapters.values():
            adapter.close()
    return [f"{one.system} {one.entity} {one.native_id or '(missing)'} {one.unit} of {one.golden_id}" for one in found]


def lost(users: Users, desks: dict[str, Desk], store: Database, overtaken: Collection[str] = ()) -> list[str]:
    """G1: last words that are neither in a golden record, nor in its history, nor in the journal; customers that are
    missing in a system, or do not show there what was said of them last by who alone has the say.

    overtaken: notes that no answer of a system held before they were written over.
    """
    problems = []
    for system, desk in desks.items():
        rows = desk.ask("GET", "dump").get(OBJECTS[system], {}).values()
        shown = Counter(row.get(WEBSITE[system]) for row in rows if row.get(TAX[system]))
        for number, edit in sorted(users.stamps.items()):
            if not shown[website(number, edit)]:
                problems.append(f"{system} does not show {website(number, edit)}")
                problems += story(number, desks, store)
    said = set()
    with store.begin() as uow:
        for conflict in uow.conflicts(limit=EVERYTHING):
            said.update(str(proposal.value) for proposal in conflict.proposals)
        for golden_id in uow.golden_page("customer", "", EVERYTHING):
            for row in uow.history("customer", golden_id, EVERYTHING):
                said.update((str(row.old), str(row.new)))
        goldens = uow.goldens("customer", uow.golden_page("customer", "", EVERYTHING))
        said.update(str(golden.values.get("notes")) for golden in goldens.values())
    return problems + [
        f"nobody knows of '{word}'" for word in users.words.values() if word not in said.union(overtaken)
    ]


def duplicates(users: Users, desks: dict[str, Desk]) -> list[str]:
    """G4: a tax number, or the address of a person, that is there twice in one system."""
    found = []
    for system, desk in desks.items():
        dump = desk.ask("GET", "dump")
        rows = dump.get(OBJECTS[system], {}).values()
        keys = [row.get(TAX[system]) for row in rows if system != "erp" or row.get("is_company")]
        if system != "fin":
            kind, name = ("Contact", "Email") if system == "crm" else ("res.partner", "email")
            keys += [row.get(name) for row in dump.get(kind, {}).values() if row.get(name) in users.made]
        found += [f"{system} has {key} {number} times" for key, number in Counter(keys).items() if key and number > 1]
    return found


def story(number: int, desks: dict[str, Desk], store: Database) -> list[str]:
    """What was told of a customer's stamps, by whom, in every system and in the store, in order: chaos hardly
    ever takes the same way twice, so that whatever goes wrong has to explain itself at once."""
    lines = []
    for system, desk in desks.items():
        for at, of, edit, who in desk.noted("/chaos")["told"]:
            if of == number:
                lines.append(f"{at} {system} was told {edit} by {who}")
    mark = f"k{number}-"
    with store.begin() as uow:
        for golden_id in uow.golden_page("customer", "", EVERYTHING):
            for row in uow.history("customer", golden_id, EVERYTHING):
                if row.unit == "website" and mark in f"{row.old}{row.new}":
                    lines.append(
                        f"{row.at.isoformat()} golden {row.old} -> {row.new} ({row.system}, {row.rule}, {row.run})"
                    )
        for conflict in uow.conflicts(limit=EVERYTHING):
            if conflict.unit == "website" and mark in str(conflict.proposals):
                words = ", ".join(f"{one.system} {one.value} of {one.at}" for one in conflict.proposals)
                lines.append(f"{conflict.at.isoformat()} journal: {conflict.rule}, {conflict.winner} won: {words}")
    return [f"  {line}" for line in sorted(lines)]
