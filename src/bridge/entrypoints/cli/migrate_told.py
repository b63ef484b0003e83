"""What each stage of a migration came to, as tables for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.markup import escape

from bridge.entrypoints.cli.output import console, show
from bridge.entrypoints.migration.state import State


def _tell_profile(state: State) -> None:
    found = _of(state, "profile")
    rows = [
        (
            entity,
            one["records"],
            sum(x["records"] for x in one["misfits"]),
            sum(x["surplus"] for x in one["duplicates"]),
        )
        for entity, one in found
    ]
    show(f"Profile of {state.source}", ("entity", "records", "values that do not fit", "perhaps double"), rows)
    for entity, one in found:
        for x in one["misfits"][:10]:
            ids = ", ".join(x["ids"][:3])
            words = f"  {entity}.{x['field']} {x['reason']}: {x['records']} records ({ids})"
            console.print(escape(words), highlight=False, soft_wrap=True)
        for x in one["fields"]:
            if x["filled"] and x.get("stays"):
                words = f"  {entity}.{x['field']} stays behind: {x['stays']}: {x['filled']} records"
                console.print(escape(words), highlight=False, soft_wrap=True)


def _tell_match(state: State) -> None:
    rows = [(e, o["source"], o["target"], o["both"], o["review"], o["conflicts"]) for e, o in _of(state, "match")]
    show("Matched", ("entity", state.source, state.target, "in both", "for review", "conflicts"), rows)
    if any(row[4] for row in rows):
        console.print("`bridge links review` shows what may be the same; what waits there is not created.")


def _tell_plan(state: State) -> None:
    fates = ("create", "update", "delete", "left", "refused", "waits", "review", "gone")
    show(
        f"Plan for {state.target}",
        ("entity", *fates),
        [(entity, *(one[fate] for fate in fates)) for entity, one in _of(state, "plan")],
    )
    for entity, one in _of(state, "plan"):
        for why, number in sorted(one["reasons"].items(), key=lambda item: -item[1])[:5]:
            console.print(escape(f"  {entity}: {number} {why}"), highlight=False, soft_wrap=True)
    for one in state.stages["plan"]["forecast"] if "plan" in state.stages else ():
        share = f", {one['share']:.0%} of a day's calls" if one.get("share") is not None else ""
        style = "" if one["fits"] else "[yellow]"
        console.print(f"{style}{one['system']}: {one['words']}{share}, about {one['hours']} hours", soft_wrap=True)


def _tell_load(state: State) -> None:
    rows = [(entity, one["create"], one["update"], one["delete"]) for entity, one in _of(state, "load")]
    show(f"Loaded into {state.target}", ("entity", "created", "changed", "deleted"), rows)
    if "load" in state.stages:
        console.print(f"`bridge migrate undo {state.run}` shows what would take it back.", highlight=False)


def _tell_verify(state: State) -> None:
    rows = [
        (e, o["records"].get("source", 0), o["records"].get("target", 0), o["pairs"], o["compared"], o["equal"],
         o["decided"], o["wrong"], sum(o["missing"].values()))
        for e, o in _of(state, "verify")
    ]  # fmt: skip
    heads = ("entity", state.source, state.target, "pairs", "compared", "equal", "decided", "wrong", "missing")
    show("Verified", heads, rows)
    sums = [
        (e, x["field"], x["currency"], x["source"], x["target"], "equal" if x["equal"] else x["difference"])
        for e, o in _of(state, "verify")
        for x in o["totals"]
    ]
    if sums:
        show("Control totals", ("entity", "field", "currency", state.source, state.target, "difference"), sums)
    for entity, one in _of(state, "verify"):
        for why, number in sorted(one["missing"].items(), key=lambda item: -item[1])[:5]:
            console.print(escape(f"  {entity}: {number} missing, {why}"), highlight=False, soft_wrap=True)
        for why, number in sorted(one.get("bad", {}).items(), key=lambda item: -item[1])[:5]:
            console.print(escape(f"  {entity}: {number} bad rows, {why}"), highlight=False, soft_wrap=True)
        for why, number in sorted(one["unread"].items(), key=lambda item: -item[1])[:5]:
            console.print(escape(f"  {entity}: {number} arrived without {why}"), highlight=False, soft_wrap=True)


def _of(state: State, stage: str) -> Sequence[tuple[str, dict[str, Any]]]:
    return list(state.stages.get(stage, {}).get("entities", {}).items())


TELL: Mapping[str, Callable[[State], None]] = {
    "profile": _tell_profile,
    "match": _tell_match,
    "plan": _tell_plan,
    "load": _tell_load,
    "verify": _tell_verify,
}
