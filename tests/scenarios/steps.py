"""The sentences that a story's steps are written in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from scenarios.company import Company

SPAN = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
Act = Callable[[Company, re.Match[str], Any], None]


def _moves(company: Company, said: re.Match[str], body: Any) -> None:
    company.now += timedelta(seconds=float(said["n"]) * SPAN[said["unit"]])


def _clock(company: Company, said: re.Match[str], body: Any) -> None:
    wanted = company.now.replace(hour=int(said["h"]), minute=int(said["m"]), second=0, microsecond=0)
    assert wanted >= company.now, f"the clock is past {said['h']}:{said['m']}"
    company.now = wanted


def _sync(company: Company, said: re.Match[str], body: Any) -> None:
    for _ in range(int(said["n"] or 1)):
        company.now += timedelta(minutes=1)
        company.sync()


def _during(company: Company, said: re.Match[str], body: Any) -> None:
    company.planned.setdefault(said["point"], []).append(lambda: play(company, body))
    _sync(company, re.match("(?P<n>)", "") or said, None)


def _killed(company: Company, said: re.Match[str], body: Any) -> None:
    company.sync(killed=said["point"])


def _plans(company: Company, said: re.Match[str], body: Any) -> None:
    company.plan()


def _adds(company: Company, said: re.Match[str], body: Any) -> None:
    obj = said["object"] or next(emap.spec(said["s"]).object for emap in company.maps.values())
    company.add(said["s"], obj, said["label"], body or {})


def _edits(company: Company, said: re.Match[str], body: Any) -> None:
    company.edit(said["s"], said["label"], body)


def _deletes(company: Company, said: re.Match[str], body: Any) -> None:
    company.delete(said["s"], said["label"])


def _merges(company: Company, said: re.Match[str], body: Any) -> None:
    company.delete(said["s"], said["label"], said["into"])


def _archives(company: Company, said: re.Match[str], body: Any) -> None:
    native_id = company.native_id(said["s"], said["label"])
    company.desks[said["s"]].user_archive(company.object_of(said["s"], native_id), native_id)


def _down(company: Company, said: re.Match[str], body: Any) -> None:
    company.desks[said["s"]].down = said["how"] == "down"


def _meets(company: Company, said: re.Match[str], body: Any) -> None:
    company.desks[said["s"]].fault(said["fault"], said["on"])


def _loses(company: Company, said: re.Match[str], body: Any) -> None:
    company.desks[said["s"]].lose_answer(said["on"])


def _forgets(company: Company, said: re.Match[str], body: Any) -> None:
    company.desks[said["s"]].forget_changes()


def _stops(company: Company, said: re.Match[str], body: Any) -> None:
    company.desks[said["s"]].automation.clear()


def _undoes(company: Company, said: re.Match[str], body: Any) -> None:
    company.undo(int(said["n"]), apply=said["how"] == "undoes")


def _killed_undoing(company: Company, said: re.Match[str], body: Any) -> None:
    company.undo(int(said["n"]), apply=True, killed=said["point"])


def _while_undoing(company: Company, said: re.Match[str], body: Any) -> None:
    company.later.setdefault(said["point"], []).append(lambda: play(company, body))


SENTENCES: dict[str, Act] = {
    r"(?P<n>[\d.]+) ?(?P<unit>ms|s|m|h|d) pass(es)?": _moves,
    r"it is (?P<h>\d\d):(?P<m>\d\d)": _clock,
    r"bridge syncs(?: (?P<n>\d+) times)?": _sync,
    r"bridge syncs, and (?P<point>(before|after) \w+)": _during,
    r"bridge is killed (?P<point>(before|after) \w+)": _killed,
    r"bridge plans": _plans,
    r"bridge (?P<how>undoes|shows the undo of) run (?P<n>\d+)": _undoes,
    r"bridge is killed (?P<point>(before|after) \w+), while it undoes run (?P<n>\d+)": _killed_undoing,
    r"while bridge undoes, (?P<point>(before|after) \w+)": _while_undoing,
    r"(?P<s>\w+) adds (?:(?P<object>[A-Z]\w*) )?(?P<label>[a-z0-9-]+)": _adds,
    r"(?P<s>\w+) edits (?P<label>[a-z0-9-]+)": _edits,
    r"(?P<s>\w+) deletes (?P<label>[a-z0-9-]+)": _deletes,
    r"(?P<s>\w+) merges (?P<label>[a-z0-9-]+) into (?P<into>[a-z0-9-]+)": _merges,
    r"(?P<s>\w+) archives (?P<label>[a-z0-9-]+)": _archives,
    r"(?P<s>\w+) is (?P<how>down|up)": _down,
    r"(?P<s>\w+) meets the next (?P<on>read|create|update|delete) with (?P<fault>[\w ]+)": _meets,
    r"(?P<s>\w+) loses the answer to the next (?P<on>read|create|update|delete)": _loses,
    r"(?P<s>\w+) forgets its log": _forgets,
    r"(?P<s>\w+) automation stops": _stops,
}


def play(company: Company, steps: list[Any]) -> None:
    """Carry out steps: each is a sentence, or a sentence with what it is about: `crm edits acme: {Phone: "1"}`."""
    for step in steps:
        sentence, body = next(iter(step.items())) if isinstance(step, Mapping) else (step, None)
        for pattern, act in SENTENCES.items():
            said = re.fullmatch(pattern, sentence)
            if said:
                act(company, said, body)
                break
        else:
            raise AssertionError(f"no step reads '{sentence}'; there are: {', '.join(SENTENCES)}")
