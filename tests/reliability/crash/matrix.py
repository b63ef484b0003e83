"""One run: a story begins, bridge is killed at a moment, a user goes on, bridge starts again, and all is looked at."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from reliability.crash.check import Findings, check
from reliability.crash.stories import Operation, Story, token
from reliability.crash.world import World

RECOVERIES = 3
"""Runs after the kill within which everything must be in its place."""
HOW = ("other", "other", "same", "nothing")
"""What happens while bridge is dead, each as often as it stands here."""


@dataclass(slots=True)
class Run:
    """One run and what came of it. killed: false where the program had come to its end before the moment came.

    number: of the moment; label: its name. echoes: writes and outbox entries of a run that had nothing to do.
    """

    store: str
    tested: str
    operation: str
    number: int
    label: str
    killed: bool
    meanwhile: str
    lost: int
    duplicates: int
    echoes: int
    recoveries: int
    words: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled or echoed."""
        return not (self.lost or self.duplicates or self.echoes)

    def as_json(self) -> dict[str, Any]:
        """For pipes and reports."""
        return asdict(self)


class Block:
    """All runs of one operation in one world."""

    def __init__(
        self,
        world: World,
        store: str,
        operation: Operation,
        numbers: Iterator[int],
        seed: int,
        asleep: float = 0,
        meanwhile: Sequence[str] = HOW,
    ) -> None:
        """asleep: seconds that pass in all systems while bridge lies dead. meanwhile: of what users do then, one is
        drawn."""
        self.world, self.store, self.operation, self.seed = world, store, operation, seed
        self.numbers, self.asleep, self.how = numbers, asleep, meanwhile

    def runs(self, choose: Callable[[Sequence[str]], Iterable[int]]) -> Iterator[Run]:
        """Count the moments in a run that nobody kills, then kill one run at each of those chosen.

        choose: the labels of all moments in order -> the numbers (from 1) of those to kill at.
        """
        story = self._story()
        self._bring_in_step([story])
        first, labels = self._run(story, 0)
        yield first
        chosen = list(choose(labels))
        stories = [self._story() for _ in chosen]
        self._bring_in_step(stories)
        for story, number in zip(stories, chosen, strict=True):
            yield self._run(story, number)[0]
        yield self._everything()

    def _story(self) -> Story:
        number = next(self.numbers)
        return Story(number, token(number))

    def _bring_in_step(self, stories: list[Story]) -> None:
        for story in stories:
            self.operation.before(self.world, story)
        if stories and stories[0].records:
            self.world.settle()

    def _run(self, story: Story, number: int) -> tuple[Run, list[str]]:
        world, operation = self.world, self.operation
        luck = random.Random(f"{self.seed} {self.store} {world.pair.tested} {operation.name} {number}")
        how = luck.choice(self.how) if number else "nothing"
        operation.begin(world, story)
        dead = world.bridge.sync(operation.entities, end=number)
        words = [dead.words] if dead.words else []
        if how != "nothing":
            operation.meanwhile(world, story, how)
        if self.asleep:
            for desk in world.desks.values():
                desk.control.ask("POST", "clock", advance=self.asleep)
        found, recoveries = self._recover(story, words, RECOVERIES if number else 1)
        echoes = self._echoes(words)
        return Run(
            self.store,
            world.pair.tested,
            operation.name,
            number,
            dead.moments[-1] if dead.killed else "to the end",
            dead.killed,
            how,
            found.lost,
            found.duplicates,
            len(echoes),
            recoveries,
            words + found.words + echoes,
        ), dead.moments

    def _recover(self, story: Story, words: list[str], most: int) -> tuple[Findings, int]:
        """Start bridge again, until everything is in its place."""
        for recoveries in count(1):
            ended = self.world.bridge.sync(self.operation.entities)
            if ended.words:
                words.append(ended.words)
            found = check(self.world, story)
            if found.none or recoveries == most:
                return found, recoveries
        raise AssertionError("not reached")

    def _echoes(self, words: list[str]) -> list[str]:
        """What one more run writes, or means to write."""
        self.world.forget_calls()
        ended = self.world.bridge.sync(self.operation.entities)
        if ended.answer is None:
            words.append(ended.words)
            return ["echo: the run after that failed"]
        found = [f"echo: {write}" for write in self.world.writes()]
        found += [f"echo: {n} {state} entries" for state, n in ended.answer["outbox"].items()]
        if not found and ended.answer["totals"]["enqueued"]:
            found.append(f"echo: {ended.answer['totals']['enqueued']} entries made")
        return found

    def _everything(self) -> Run:
        """At the end all records of all entities are compared, those of earlier blocks too."""
        words: list[str] = []
        try:
            self.world.settle()
        except AssertionError as error:
            words.append(f"echo: {error}")
        echoes = len(words)
        lost = self.world.disagreements()
        tested, name = self.world.pair.tested, self.operation.name
        words += [f"lost: {one}" for one in lost]
        return Run(self.store, tested, name, -1, "all compared", False, "nothing", len(lost), 0, echoes, 0, words)
