"""bridge in a process of its own: forked from one that has loaded everything, and killed where it is told to be.

Nothing that is open crosses the fork: store and adapters are built anew in the child, as `bridge sync` builds them.
What the fork saves is only the loading of the program, which takes longer than all the rest of a small run.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from bridge import wiring
from bridge.config import Config, load_config
from bridge.entrypoints.cli import run as running
from bridge.mapping.compiled import EntityMap
from bridge.wiring import make_adapters, make_maps, make_runtime, opened_store
from reliability.crash.moments import Moments

Plant = Callable[[], None]
"""A planted bug: changes the program in the process under test."""


@dataclass(slots=True)
class Ended:
    """How a process ended. moments: those it passed, in order; killed: whether the last of them killed it.

    answer: what it came to, None if it did not come to its end. words: what it said when it failed by itself.
    """

    moments: list[str] = field(default_factory=list)
    killed: bool = False
    answer: Any = None
    words: str = ""


def apart(work: Callable[[Callable[[str], None]], Any]) -> Ended:
    """Do some work in a fork of this process. work: given a function that tells a moment; its answer must be JSON."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = pipe.read().decode().splitlines()
    _, status = os.waitpid(child, 0)
    told = Ended(killed=os.WIFSIGNALED(status))
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "m":
            told.moments.append(rest)
        elif kind == "a":
            told.answer = json.loads(rest)
        else:
            told.words = json.loads(rest)
    return told


def _work(work: Callable[[Callable[[str], None]], Any], writing: int) -> None:
    """The child's whole life. It never returns into what its parent was doing."""
    gc.freeze()  # what the parent holds is the parent's: no object of it is finalised here
    code = 0
    try:
        answer = work(lambda label: _put(writing, f"m {label}"))
        _put(writing, f"a {json.dumps(answer)}")
    except BaseException:
        code = 1
        _put(writing, f"e {json.dumps(traceback.format_exc())}")
    os._exit(code)


def _put(pipe: int, line: str) -> None:
    data = f"{line}\n".encode()
    while data:
        data = data[os.write(pipe, data) :]


wiring.adapter_entry_points = cache(wiring.adapter_entry_points)  # they do not change while this runs
for _point in wiring.adapter_entry_points().values():
    _point.load()  # here, once, and not in every child


class Bridge:
    """bridge with one configuration, run by run in processes of its own."""

    def __init__(self, file: Path, plant: Plant | None = None) -> None:
        self.settings: Config = load_config(file)
        self.maps: dict[str, EntityMap] = make_maps(self.settings)
        self.plant = plant

    def sync(self, entities: tuple[str, ...] = (), *, end: int = 0, planted: bool = True) -> Ended:
        """One `bridge sync` of these entities (none: of all), killed at the moment numbered `end` (0: never).

        planted: with the planted bug, where there is one.
        """

        def work(tell: Callable[[str], None]) -> Any:
            moments = Moments(tell, end)
            moments.watch()
            running.make_runtime = partial(make_runtime, point=moments.point)  # type: ignore[assignment]
            if self.plant and planted:
                self.plant()
            return self._synchronise(entities)

        return apart(work)

    def warm(self) -> None:
        """Run once in this process: what is loaded at its first use need not be loaded by every child. All that was
        opened for it is closed again."""
        self._synchronise(())

    def _synchronise(self, entities: tuple[str, ...]) -> Any:
        adapters = make_adapters(self.settings)
        maps = running.chosen(self.maps, list(entities))
        with opened_store(self.settings) as store, running.alone(self.settings, store), running.closing(adapters):
            return running.synchronise(self.settings, store, adapters, maps, quiet=True).as_json()

    def ask(self, question: Callable[[Any, dict[str, Any], dict[str, EntityMap]], Any]) -> Any:
        """Put a question to store, adapters and mappings, in a process of its own; its answer must be JSON."""

        def work(tell: Callable[[str], None]) -> Any:
            adapters = make_adapters(self.settings)
            with opened_store(self.settings) as store, running.closing(adapters):
                return question(store, adapters, self.maps)

        ended = apart(work)
        assert not ended.words, ended.words
        return ended.answer
