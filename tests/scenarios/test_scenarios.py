"""Every file of `stories/` is played and compared with what it expects. README.md says how to write one.

`BRIDGE_REWRITE=1 pytest tests/scenarios` writes what was seen into the files; `git diff` then shows what changed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenarios.company import Company
from scenarios.steps import play

STORIES = sorted((Path(__file__).parent / "stories").glob("*.yaml"))
WORDS = {"story", "answers", "mapping", "changes", "systems", "pace", "given", "steps", "expect"}


class Shown(yaml.SafeDumper):
    """One line for a record, one for each entry of a list of sentences."""

    def represent_record(self, value: dict[str, Any]) -> yaml.MappingNode:
        leaf = not any(isinstance(member, dict | list) for member in value.values())
        return self.represent_mapping("tag:yaml.org,2002:map", value, flow_style=leaf and bool(value))

    def represent_entries(self, value: list[Any]) -> yaml.SequenceNode:
        return self.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=False)


Shown.add_representer(dict, Shown.represent_record)
Shown.add_representer(list, Shown.represent_entries)


def played(story: dict[str, Any]) -> dict[str, Any]:
    """What a story comes to."""
    company = Company(story)
    play(company, story["steps"])
    return company.seen()


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    story = yaml.safe_load(text)
    assert set(story) <= WORDS, f"unknown words: {set(story) - WORDS}"
    seen = played(story)
    if os.environ.get("BRIDGE_REWRITE"):
        head = text.split("\nexpect:", 1)[0].rstrip("\n")
        written = yaml.dump({"expect": seen}, Dumper=Shown, sort_keys=False, allow_unicode=True, width=200)
        path.write_text(f"{head}\n{written}", encoding="utf-8")
    else:
        assert seen == story["expect"]


def test_the_complaints_that_must_be_answered_are() -> None:
    said = " ".join(str(yaml.safe_load(path.read_text(encoding="utf-8")).get("answers", "")) for path in STORIES)
    assert all(f"complaint {row}:" in said for row in (4, 12, 13, 25, 26))


def test_a_story_can_fail() -> None:
    story = yaml.safe_load(STORIES[0].read_text(encoding="utf-8"))
    shown = played({**story, "steps": story["steps"][:-1]})
    assert shown != story["expect"]
