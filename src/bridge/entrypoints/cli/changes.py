"""`bridge mapping changes`: what a changed mapping would come to, before any daemon or sync takes it into force."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bridge.config import Config
from bridge.engine.plan.guards import Limits, judge_mapping
from bridge.engine.remapping import Effect, effect, in_force
from bridge.engine.report import Report
from bridge.engine.runtime import Run
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration
from bridge.entrypoints.cli.output import console, emit, errors_as_sentences, show, text
from bridge.mapping.outline import compare
from bridge.store import Database
from bridge.wiring import make_maps, make_runtime, opened_store


def changes(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Which lines of the mappings differ from those in force, and what that would change: golden records, writes, and
    some values before and after. Asks no system and changes nothing; `bridge plan` reads the systems too."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        with opened_store(settings) as store:
            run = _run(settings, store)
            rows = [_plain(run.runtime.pace.guards, one) for one in _effects(run)]
        if json:
            emit({"ok": True, "entities": rows})
        elif not rows:
            console.print("The mappings are those in force.")
        for row in [] if json else rows:
            _print(row)


def _effects(run: Run) -> list[Effect]:
    found = []
    for emap in run.runtime.maps.values():
        with run.store.begin() as uow:
            before = in_force(uow, emap.entity)
        if before is not None and emap.outline is not None and before.digest != emap.digest:
            found.append(
                effect(run.store, emap, compare(before, emap.outline), run.around(emap), run.runtime.pace.page)
            )
    return found


def _run(settings: Config, store: Database) -> Run:
    """What a run would take for granted, without its adapters: nobody is called."""
    return Run(make_runtime(settings, store, {}, make_maps(settings)), "", Report(""))


def _plain(limits: Limits, found: Effect) -> dict[str, Any]:
    numbers = {line: len(ids) for line, ids in found.touched.items()}
    stops = judge_mapping(numbers, found.records, limits)
    return {
        "entity": found.entity,
        "golden_records": found.records,
        "fields": [
            {
                "field": line,
                "systems": list(systems),
                "values": found.values[line],
                "held": found.held[line],
                "records": numbers.get(line, 0),
            }
            for line, systems in found.changes.units.items()
        ],
        "read_anew": sorted(found.changes.anew),
        "writes": dict(sorted(found.writes.items())),
        "samples": [asdict(sample) for sample in found.samples],
        "would_stop": [one.field for one in stops],
    }


def _print(row: dict[str, Any]) -> None:
    rows = [(one["field"], ", ".join(one["systems"]), one["values"], one["held"]) for one in row["fields"]]
    columns = ("field", "systems", "golden values that change", "held for a person")
    show(f"{row['entity']}: changed lines ({row['golden_records']} golden records)", columns, rows)
    samples = [(one["golden_id"], one["unit"], text(one["old"]), text(one["new"])) for one in row["samples"]]
    if samples:
        show("For example", ("golden id", "field", "old", "new"), samples)
    writes = ", ".join(f"{system} {number}" for system, number in row["writes"].items()) or "none"
    console.print(f"Records that would be written: {writes}", highlight=False)
    if row["read_anew"]:
        names = ", ".join(row["read_anew"])
        console.print(f"To be read anew, and not counted here: {names} (`bridge plan` reads them)", highlight=False)
    if row["would_stop"]:
        names = ", ".join(row["would_stop"])
        console.print(
            f"That is more than sync.guards.most_changed lets through: {names} would wait for `bridge approve`."
        )
