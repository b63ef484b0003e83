"""A short day of the soak: everything holds, the same seed lives through the same, and planted bugs are found."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import bridge.adapters
import bridge.transport
from reliability import document
from reliability.soak import clock
from reliability.soak.figures import Figures, keep

TESTS = Path(__file__).resolve().parents[1]


def soak(seed: str, *more: str) -> subprocess.CompletedProcess[str]:
    """One short day in a process of its own."""
    command = [sys.executable, "-m", "reliability.soak", "--brief", "--days", "1", "--seed", seed, *more]
    paths = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)


def test_a_day_is_lived_through() -> None:
    done = soak("1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all held" in done.stdout
    assert not done.stderr


PLANTED = [
    ("forgets_the_loser", "1", "G1 lost"),
    pytest.param("fights_the_spelling", "1", "G2 not", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("plant", "seed", "told"), PLANTED)
def test_a_planted_bug_is_found(plant: str, seed: str, told: str) -> None:
    done = soak(seed, "--plant", plant)
    assert done.returncode == 1, done.stdout + done.stderr
    assert told in done.stdout
    assert f"seed {seed}, day 1" in done.stdout
    assert f"--days 1 --seed {seed} --brief" in done.stdout


def test_the_figures_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "REPORTS", tmp_path)
    monkeypatch.setattr(document, "DOCUMENT", tmp_path / "reliability.md")
    (tmp_path / "reliability.md").write_text("<!-- begin soak -->\n<!-- end soak -->\n", encoding="utf-8")
    days = [Figures("1", acts=3, faults=Counter(reset=2)), Figures("2", acts=4, faults=Counter(reset=1, html=1))]
    keep(days, "7", "sqlite", "abc")
    kept = json.loads((tmp_path / "soak.json").read_text(encoding="utf-8"))
    assert (kept["in_all"]["acts"], kept["in_all"]["faults"]) == (7, {"reset": 3, "html": 1})
    assert "| in all | 7 |" in (tmp_path / "reliability.md").read_text(encoding="utf-8")


def test_no_adapter_asks_for_the_time_unnoticed() -> None:
    """Whoever takes the time from the machine has to be given the simulated one, or a seed does not repeat.

    Memory and files are no systems of the soak.
    """
    asks = re.compile(r"\btime\.(time|monotonic|sleep)\b|datetime\.now\(|uuid4\(")
    given = (*clock.GIVEN_THE_TIME, *clock.GIVEN_TIME_AND_SLEEP)
    handled = {name for name, _ in given} | {*clock.ASK_THE_DATE, *clock.ASK_THE_TIME}
    found = set()
    for package in (bridge.adapters, bridge.transport):
        root = Path(package.__path__[0])
        for path in root.rglob("*.py"):
            if not {"memory", "files"} & {*path.parts} and asks.search(path.read_text(encoding="utf-8")):
                found.add(".".join([package.__name__, *path.relative_to(root).with_suffix("").parts]))
    assert found == handled
