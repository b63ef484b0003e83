"""Notices: what needs a person, when it is told, and in which words. Pure values; the clock comes from outside.

Figures, names of systems and entities, and commands: no notice holds a value of a record (G10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

Figures = Mapping[tuple[str, str], int]
"""(system, entity) -> how many; either name is empty where it has no part in the matter."""
Needs = Mapping[str, Figures]
"""Kind -> its figures."""


@dataclass(frozen=True, slots=True)
class Words:
    """How a kind is told. title: of what. what: what it means. to_do: what a person does about it."""

    title: str
    what: str
    to_do: str


KINDS: Final[Mapping[str, Words]] = {
    "fault": Words("fault", "The daemon cannot do its work; it tries again.", "Its log and `bridge status` say why."),
    "stopped": Words(
        "safety stops",
        "Something looked like an accident and is not written before a person has looked.",
        "`bridge approve --list`",
    ),
    "paused": Words(
        "paused systems",
        "The log-in was refused; the system gets no call and its work waits.",
        "Correct the credentials, then `bridge check`.",
    ),
    "dead": Words(
        "dead letters",
        "Writes were set aside: they fail however often they are tried.",
        "`bridge outbox list --state dead`; when the cause is gone, `bridge outbox replay --all`.",
    ),
    "held": Words(
        "held conflicts", "Fields wait for a person's word.", "`bridge conflicts list --state held`, then `resolve`."
    ),
    "review": Words(
        "records in review", "They may be the same as others, or not.", "`bridge links review`"
    ),
    "reload": Words(
        "reload refused",
        "Changed files are broken; what was in force stays so.",
        "`bridge mapping lint`; correct the file.",
    ),
    "nothing_new": Words(
        "nothing new",
        "Nothing new came for longer than it ever took.",
        "`bridge check`: does bridge still see what is changed there (filter, right, integration user)?",
    ),
}  # fmt: skip
"""Every kind, the most urgent first."""


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """When what is told. interval: at most one message of a kind in this time. remind: what nobody has looked at is
    told again after this time. after: what is over sooner is not told, and what comes together is told together.
    kinds: those that are told at all."""

    interval: timedelta = timedelta(hours=1)
    remind: timedelta = timedelta(days=1)
    after: timedelta = timedelta(minutes=1)
    kinds: tuple[str, ...] = tuple(KINDS)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told last of a kind, and when; figures that have gone down since are kept as they are now."""

    at: datetime
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: one line, and some more for each kind."""

    subject: str
    body: str


def since_when(before: Mapping[str, datetime], needs: Needs, now: datetime) -> dict[str, datetime]:
    """Kind -> since when there is something to be told of it."""
    return {kind: before.get(kind, now) for kind, figures in needs.items() if figures}


def lowered(told: Mapping[str, Told], needs: Needs) -> dict[str, Told]:
    """What is less by now counts as told no higher than it is: should it grow again, that is news."""
    return {
        kind: Told(last.at, _least(last.figures, needs[kind])) if kind in needs else last for kind, last in told.items()
    }


def _least(told: Figures, now: Figures) -> dict[tuple[str, str], int]:
    return {place: min(number, now[place]) for place, number in told.items() if place in now}


def due(
    needs: Needs, told: Mapping[str, Told], since: Mapping[str, datetime], terms: NoticeTerms, now: datetime
) -> dict[str, Figures]:
    """The kinds to be told now, with their figures."""
    found: dict[str, Figures] = {}
    for kind in KINDS:
        figures = needs.get(kind)
        if not figures or kind not in terms.kinds or now - since.get(kind, now) < terms.after:
            continue
        last = told.get(kind)
        grown = last is None or any(number > last.figures.get(place, 0) for place, number in figures.items())
        if last is None or now - last.at >= (terms.interval if grown else max(terms.remind, terms.interval)):
            found[kind] = figures
    return found


def message(needs: Needs) -> Message:
    """One message about all of these kinds."""
    kinds = [kind for kind in KINDS if needs.get(kind)]
    parts = [_part(KINDS[kind], needs[kind]) for kind in kinds]
    return Message("bridge needs a person: " + ", ".join(KINDS[kind].title for kind in kinds), "\n\n".join(parts))


def _part(words: Words, figures: Figures) -> str:
    named = [(" ".join(part for part in place if part), number) for place, number in sorted(figures.items())]
    where = ", ".join(f"{name} {number}" if name else str(number) for name, number in named)
    return f"{words.title}: {where}\n{words.what}\nWhat to do: {words.to_do}"


TEST: Final = Message(
    "bridge: a test", "This is a test of `bridge notify --test`. Messages arrive; there is nothing to do."
)


def rest(failures: int) -> timedelta:
    """How long a channel is left alone that did not take a message so many times in a row."""
    return timedelta(seconds=min(60.0 * 2 ** min(failures - 1, 10), 3600.0))
