"""The planted bugs at work: `python -m reliability.crash.planted [NAME ...]` prints what the checker counted for each.

Each is met twice by the same story, killed at the same moment: by bridge as it is, then with the bug.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

from reliability.crash.matrix import Block, Run
from reliability.crash.plan import SEED
from reliability.crash.plants import PLANTS, Planted
from reliability.crash.stories import OPERATIONS
from reliability.crash.world import PAIRS, World, opened


def main() -> int:
    """Print {bug: {"sound": run, "planted": run}}."""
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="bridge-crash-") as folder:
        for place, pair in enumerate(PAIRS):
            named = sys.argv[1:] or [one.name for one in PLANTS]
            mine = [one for one in PLANTS if one.tested == pair.tested and one.name in named]
            if not mine:
                continue
            own = Path(folder) / str(place)
            own.mkdir()
            with opened(pair, own, f"sqlite:///{own}/bridge.db") as world:
                numbers = count(1)
                for planted in mine:
                    found[planted.name] = {
                        "sound": _met(world, planted, numbers, sound=True).as_json(),
                        "planted": _met(world, planted, numbers, sound=False).as_json(),
                    }
    print(json.dumps(found))
    return 0


def _met(world: World, planted: Planted, numbers: Iterator[int], *, sound: bool) -> Run:
    """The killed run. The one before it counts the moments, of the same program: a bug may have fewer of them."""
    (operation,) = [one for one in OPERATIONS if one.name == planted.operation]

    def last(labels: Sequence[str]) -> list[int]:
        places = [place for place, label in enumerate(labels, 1) if label == planted.at]
        return [places[0] if planted.first else places[-1]]

    world.bridge.plant = None if sound else planted.plant
    try:
        block = Block(world, "SQLite", operation, numbers, SEED, planted.asleep, (planted.meanwhile,))
        _, killed = islice(block.runs(last), 2)
    finally:
        world.bridge.plant = None
    return killed


if __name__ == "__main__":
    sys.exit(main())
