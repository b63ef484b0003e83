"""What a person says before a migration is loaded: that the counts of the plan are meant."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import typer

from bridge.entrypoints.migration.stages import Stages
from bridge.entrypoints.migration.state import State
from bridge.ports.errors import SafetyStop


class NotConfirmed(SafetyStop):
    """The counts of the plan were not confirmed, or will not fit."""

    code = "BR-CONFIRM"
    not_done = "Nothing was written."
    to_do = 'Look at the plan, then say its counts with --confirm "...", or --yes.'


class WillNotFit(SafetyStop):
    """The forecast exceeds what is left of the day's calls."""

    code = "BR-FORECAST"
    not_done = "Nothing was written."
    to_do = "Raise the budget, take fewer entities (--entities), or let it take several days (--in-parts)."


class Terms:
    """What a person said beside which systems and which stage."""

    def __init__(
        self,
        confirm: str = "",
        *,
        yes: bool = False,
        in_parts: bool = False,
        full: bool = False,
        new: bool = False,
        out: Path | None = None,
    ) -> None:
        self.confirm, self.yes, self.in_parts, self.full = confirm, yes, in_parts, full
        self.new, self.out = new, out


def planned_counts(state: State) -> Counter[str]:
    """What the plan counts, over all entities."""
    counts: Counter[str] = Counter()
    for one in state.stages["plan"]["entities"].values():
        counts.update({op: one[op] for op in ("create", "update", "delete")})
    return counts


def counts_in_words(counts: Mapping[str, int]) -> str:
    """ "create 1200, update 30"."""
    return ", ".join(
        f"{op} {counts.get(op, 0)}" for op in ("create", "update", "delete") if op != "delete" or counts[op]
    )


def same_counts(said: str, counts: Mapping[str, int]) -> bool:
    """Whether a person said these counts; what is nought need not be said."""
    pairs = re.findall(r"([a-z]+)\s+([\d.,' ]*\d)(?=\D*(?:,|$|\s))", said.lower())
    given = {word: int(re.sub(r"\D", "", number)) for word, number in pairs}
    wanted = {op: number for op, number in counts.items() if number}
    return {op: number for op, number in given.items() if number} == wanted


def confirmed(stages: Stages, terms: Terms, *, asking: bool) -> None:
    """Nothing is loaded before a person has agreed to the counts, and the calls will do. Raises SafetyStop."""
    state = stages.state
    if state.confirmed:
        return  # a load that was interrupted goes on
    counts = planned_counts(state)
    short = [one for one in state.stages["plan"]["forecast"] if not one["fits"]]
    if short and not terms.in_parts:
        words = "; ".join(f"{one['system']}: {one['words']}" for one in short)
        raise WillNotFit(f"the load does not fit into the calls that are left ({words})")
    words = counts_in_words(counts)
    if terms.confirm and not same_counts(terms.confirm, counts):
        raise NotConfirmed(f"the plan says: {words}; confirmed was: {terms.confirm}")
    if not (terms.confirm or terms.yes) and any(counts.values()):
        asked = asking and sys.stdin.isatty()
        if not asked or not typer.confirm(f"{state.source} -> {state.target}: {words}. Load?"):
            raise NotConfirmed(f"the plan says: {words}; nobody has confirmed it")
    state.confirmed = words
    stages.save()
