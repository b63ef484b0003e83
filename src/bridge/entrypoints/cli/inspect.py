"""`bridge status`, `links`, `explain`: what bridge knows and what waits for whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from bridge.engine.budget import Budget
from bridge.engine.circuit import open_circuits
from bridge.engine.explain import Explanation, explain
from bridge.engine.meter import known_budgets
from bridge.engine.pausing import as_rows, paused, paused_entities
from bridge.engine.plan.marks import RECORD
from bridge.engine.rhythms import rhythms
from bridge.engine.stops import all_stops
from bridge.entrypoints.cli import conflicts, links, outbox
from bridge.entrypoints.cli.approve import plain
from bridge.entrypoints.cli.options import (
    ConfigOption,
    JsonOption,
    configuration,
)
from bridge.entrypoints.cli.output import (
    DONE,
    PROBLEMS,
    WrongUsage,
    console,
    emit,
    errors_as_sentences,
    show,
    stderr,
    text,
)
from bridge.entrypoints.cli.webhooks import webhook_standing
from bridge.store.database import SqlUnitOfWork
from bridge.wiring import make_maps, opened_store


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command(name="explain")(explain_record)
    app.add_typer(conflicts.app, name="conflicts")
    app.add_typer(outbox.app, name="outbox")
    app.add_typer(links.app, name="links")


def status(config: ConfigOption = None, json: JsonOption = False) -> None:
    """What is linked, what waits, how old each position is. Exits with 1 where something needs a person."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        with opened_store(settings) as store, store.begin() as uow:
            found = _status(uow, settings.systems)
        if json:
            emit({"ok": not found["needs_a_person"], **found})
        else:
            _print_status(found)
    raise typer.Exit(PROBLEMS if found["needs_a_person"] else DONE)


def _status(uow: SqlUnitOfWork, systems: Collection[str]) -> dict[str, Any]:
    pauses = paused(uow, systems)
    stops = [stop for stop in all_stops(uow) if stop.system in systems]
    now = datetime.now(UTC)
    queue = [
        {"system": system, "entity": entity, "state": state, "entries": number}
        for (system, entity, state), number in sorted(uow.queue_counts().items())
    ]
    disputes = [
        {"entity": entity, "state": state, "conflicts": number}
        for (entity, state), number in sorted(uow.conflict_counts().items())
    ]
    positions = [
        {
            "entity": row.entity,
            "system": row.system,
            "read_in_full": row.complete,
            "moved_at": at,
            "seconds_ago": round((now - at).total_seconds()),
        }
        for row, at in uow.cursors()
    ]
    silent = [
        {"system": system, "entity": entity, "last": one.last, "told": one.told}
        for (system, entity), one in rhythms(uow).items()
        if one.told is not None and system in systems
    ]
    runs = [{key: value for key, value in run.items() if key != "report"} for run in uow.runs(5)]
    dead = any(row["state"] == "dead" for row in queue)
    return {
        "records": uow.record_counts(),
        "outbox": queue,
        "conflicts": disputes,
        "positions": positions,
        "waiting_for_other_records": uow.stopped_count(),
        "stopped": [plain(stop) for stop in stops],
        "waiting_for_review": [
            {"entity": entity, "system": system, "records": number, "duplicates": duplicates}
            for (entity, system), (number, duplicates) in sorted(uow.review_counts().items())
        ],
        "nothing_new": silent,
        "webhooks": webhook_standing(uow, systems),
        "paused": {system: str(pause) for system, pause in pauses.items()},
        "paused_entities": as_rows(paused_entities(uow)),
        "not_answering": {system: str(circuit) for system, circuit in open_circuits(uow, systems).items()},
        "calls_of_24_hours": {s: _allowance(budget) for s, budget in known_budgets(uow).items() if s in systems},
        "runs": runs,
        "needs_a_person": dead
        or bool(silent)
        or any(stop.approved is None for stop in stops)
        or any(not pause.by_person for pause in pauses.values())
        or any(row["state"] == "held" for row in disputes),
    }


def _allowance(budget: Budget) -> dict[str, Any]:
    """What is known of a system's calls: by bridge in 24 hours, and what the system said of all, and when."""
    said = {"used": budget.used, "allowed": budget.allowed, "said_at": budget.heard}
    return {"by_bridge": sum(budget.hours.values()), **(said if budget.allowed is not None else {})}


def _print_status(found: dict[str, Any]) -> None:
    systems = sorted({name for counts in found["records"].values() for name in counts if name != "golden"})
    show(
        "Records",
        ("entity", "golden", *systems),
        [(e, counts.get("golden", 0), *(counts.get(s, 0) for s in systems)) for e, counts in found["records"].items()],
        none="nothing read yet; `bridge plan` shows what a first sync would do",
    )
    show(
        "Outbox",
        ("system", "entity", "state", "entries"),
        [tuple(row.values()) for row in found["outbox"]],
        none="empty",
    )
    for stop in found["stopped"]:
        how = "approved, for the next sync" if stop["approved"] else f"`bridge approve {stop['run']}` lets it through"
        console.print(f"[yellow]{stop['system']}[/] {escape(stop['why'])}; {how}", soft_wrap=True, highlight=False)
    for row in found["paused_entities"]:
        console.print(f"[yellow]{row['name']}[/] {escape(row['what'])}", soft_wrap=True, highlight=False)
    for system, words in found["paused"].items():
        console.print(f"[yellow]{system}[/] {escape(words)}", soft_wrap=True, highlight=False)
    for system, words in found["not_answering"].items():
        console.print(f"[yellow]{system}[/] {escape(words)}", soft_wrap=True, highlight=False)
    for row in found["nothing_new"]:
        words = f"has brought no new {row['entity']} since {text(row['last'])} UTC, longer than ever; `bridge check`"
        console.print(f"[yellow]{row['system']}[/] {escape(words)}", soft_wrap=True, highlight=False)
    calls = [(s, a["by_bridge"], a.get("used"), a.get("allowed")) for s, a in found["calls_of_24_hours"].items()]
    if calls:
        show("Calls of 24 hours", ("system", "by bridge", "used by all", "allowed"), calls)
    if found["webhooks"]:
        show("Webhooks", ("system", "last", "waiting"), [tuple(row.values()) for row in found["webhooks"]])
    show("Conflicts", ("entity", "state", "conflicts"), [tuple(row.values()) for row in found["conflicts"]])
    show(
        "Positions",
        ("entity", "system", "read in full", "last page", "seconds ago"),
        [tuple(row.values()) for row in found["positions"]],
    )
    if found["waiting_for_other_records"]:
        console.print(f"{found['waiting_for_other_records']} records refer to records that are not known yet.")
    if found["waiting_for_review"]:
        show(
            "Waiting for review (`bridge links review`)",
            ("entity", "system", "records", "duplicates there"),
            [tuple(row.values()) for row in found["waiting_for_review"]],
        )
    if found["needs_a_person"]:
        where = "`bridge conflicts list --state held`, `bridge outbox list --state dead`, `bridge approve --list`"
        console.print(f"Somebody has to look: {where}.")


def explain_record(
    record: Annotated[str, typer.Argument(help="SYSTEM:ENTITY:ID, as crm:customer:001xx0000001")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Each field of one record: value, who set it, when, why it won, and what every system holds."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps = make_maps(settings)
        system, _, rest = record.partition(":")
        entity, _, native_id = rest.partition(":")
        if entity not in maps or system not in maps[entity].systems or not native_id:
            known = ", ".join(f"{s}:{e}" for e, emap in maps.items() for s in emap.systems)
            raise WrongUsage(f"'{record}' names no record; write SYSTEM:ENTITY:ID with one of {known}")
        with opened_store(settings) as store, store.begin() as uow:
            found = explain(uow, maps[entity], system, native_id)
            history = uow.history(entity, found.golden.id, 20) if found and found.golden else []
        if found is None:
            if json:
                emit({"ok": False, "found": False, "record": record})
            else:
                stderr.print(
                    f"bridge has never seen {record}. Is the id right, and does the mapping's `where` include it?",
                    soft_wrap=True,
                    markup=False,
                    highlight=False,
                )
            raise typer.Exit(PROBLEMS)
        if json:
            emit({"ok": True, "found": True, **asdict(found), "history": [asdict(row) for row in history]})
            return
        _print_explanation(found)
        show(
            "History",
            ("when", "field", "from", "to", "by", "why"),
            [(row.at, row.unit, row.old, row.new, row.system, row.rule) for row in history],
        )


def _print_explanation(found: Explanation) -> None:
    if found.golden is None:
        link = found.link
        console.print(
            f"{link.system}:{link.entity}:{link.native_id} is not linked: {link.reason}", markup=False, highlight=False
        )
        return
    golden = found.golden
    console.print(f"[bold]{golden.entity} {golden.id}[/], revision {golden.rev}", highlight=False)
    gone = golden.provenance.get(RECORD)
    if not golden.alive:
        by, at = (gone.system, f" at {gone.at:%Y-%m-%d %H:%M:%S}" if gone.at else "") if gone else ("", "")
        console.print(f"deleted{f' in {by}' if by else ''}{at}; an edit brings it back", highlight=False)
    show(
        "Links",
        ("system", "native id", "state", "by", "why"),
        [(link.system, link.native_id, link.state, link.linked_by, link.reason) for link in found.links],
    )
    rows: list[tuple[object, ...]] = []
    for unit in found.units:
        if not unit.holdings and unit.value is None:
            continue
        rows.append((unit.unit, text(unit.value) or "(empty)", unit.system, unit.at, unit.rule, "agreed"))
        for holding in unit.holdings:
            sent = f", sent as {text(dict(holding.sent))}" if holding.sent else ""
            rows.append(("", text(dict(holding.values)) or "(empty)", holding.system, None, "", holding.state + sent))
    show("Fields", ("field", "value", "by", "when", "why", "state"), rows)
