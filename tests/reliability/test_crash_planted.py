"""The checker of the crash matrix finds bugs: each is planted, and counted as what it is; without it, nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest

from reliability.crash.plants import PLANTS, Planted
from reliability.test_crash_quick import crash

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("planted")]
COLUMNS = ("lost", "duplicates", "echoes")
MET = [one for one in PLANTS if one.tested == "ERPNext" or os.environ.get("BRIDGE_CRASH_PLANTED") == "all"]
"""Those of one system, which cost one world; all of them in `make soak`."""


@pytest.fixture(scope="module")
def counted() -> Any:
    """What the checker counted for each bug."""
    return crash("reliability.crash.planted", *(one.name for one in MET))


@pytest.mark.parametrize("planted", MET, ids=lambda planted: planted.name)
def test_a_planted_bug_is_counted(planted: Planted, counted: Any) -> None:
    runs = counted[planted.name]
    for run in runs.values():
        assert (run["killed"], run["label"]) == (True, planted.at), "bridge must die where the bug bites"
    assert {column: runs["sound"][column] for column in COLUMNS} == dict.fromkeys(COLUMNS, 0), runs["sound"]["words"]
    assert runs["planted"][planted.column] > 0, runs["planted"]
