"""A plug-in of pytest that says at the end which level of the contract each adapter passes: `-p bridge.testing.report`.

It also has the asserts of the suite told with their values, as those of a test file are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

PARTS = ("declaring", "drift", "edited", "faults", "reading", "schema", "steps", "writing")
for _name in PARTS:
    pytest.register_assert_rewrite(f"bridge.testing.{_name}")

_KEY = "bridge contract"


@dataclass(slots=True)
class Passed:
    """What became of the tests of one suite: level -> outcome -> number."""

    declared: str
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)

    def level(self, levels: Iterable[str]) -> str:
        """The highest level of which, and of all below, no test failed and one passed; "none" where that is none."""
        reached = "none"
        for level in levels:
            found = self.outcomes.get(level, Counter())
            if found["failed"] or not found["passed"]:
                break
            reached = level
        return reached


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note on each test of the suite where it belongs, so that its report carries it (also from another process)."""
    for item in items:
        suite = getattr(item, "cls", None)
        if suite is not None and any(one.__module__ == "bridge.testing.contract" for one in suite.__mro__):
            from bridge.testing.levels import level_of  # here, after the asserts have been made to speak

            level = level_of(getattr(item, "function", None))
            item.user_properties.append((_KEY, (suite.__name__, suite.level, level)))


def gathered(stats: Mapping[str, Iterable[Any]]) -> dict[str, Passed]:
    """What the reports of a session say of each suite."""
    found: dict[str, Passed] = {}
    for outcome, name in (("passed", "passed"), ("failed", "failed"), ("error", "failed"), ("skipped", "skipped")):
        for report in stats.get(outcome, ()):
            for key, told in getattr(report, "user_properties", ()):
                if key == _KEY:
                    suite, declared, level = told
                    passed = found.setdefault(suite, Passed(declared))
                    passed.outcomes.setdefault(level, Counter())[name] += 1
    return found


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each adapter."""
    from bridge.ports.kind import LEVELS

    found = gathered(terminalreporter.stats)
    if not found:
        return
    terminalreporter.section("adapter contract")
    for suite, passed in sorted(found.items()):
        reached = passed.level(LEVELS)
        parts = [f"{level} {_figures(passed.outcomes[level])}" for level in LEVELS if level in passed.outcomes]
        verdict = f"passes {reached}" if reached != "none" else "passes no level"
        if reached == "none" and LEVELS[0] not in passed.outcomes:
            verdict = "was run in parts"
        terminalreporter.write_line(f"{suite}: {verdict} (declared {passed.declared}); {', '.join(parts)}")


def _figures(counted: Counter[str]) -> str:
    told = f"{counted['passed']} of {counted['passed'] + counted['failed']}"
    return f"{told}, {counted['skipped']} skipped" if counted["skipped"] else told
