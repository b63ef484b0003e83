"""Some seconds of chaos: all holds; and with planted bugs, that it does not is found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.kernel import Response
from reliability.chaos.__main__ import live, section
from reliability.chaos.systems import Noted

SECONDS = float(os.environ.get("BRIDGE_CHAOS_SHORT", "12"))


def test_workers_are_killed_and_nothing_is_lost(tmp_path: Path, postgres: Any) -> None:
    found = live("short", SECONDS, "", tmp_path, postgres.new_database())
    assert found.problems == []
    assert found.kills >= 2
    assert found.edits > 20
    assert found.delivered > 20
    assert (found.lost, found.duplicates, found.out_of_order, found.over_quota) == (0, 0, 0, 0)
    assert "| edits |" in section(found)


@pytest.mark.skipif("BRIDGE_CHAOS_PLANTED" not in os.environ, reason="minutes: set BRIDGE_CHAOS_PLANTED")
def test_a_planted_bug_is_found(tmp_path: Path, postgres: Any) -> None:
    found = live("planted", SECONDS, "forgets_work", tmp_path, postgres.new_database())
    assert found.out_of_step + found.lost


class _Silent:
    """A system of one record that says yes; to a `GET`, what the record says."""

    def __init__(self) -> None:
        self.record: dict[str, Any] = {}

    def operation(self, request: Any) -> str:
        return request.body.split(b"/")[0].decode()

    def handle(self, request: Any) -> Response:
        if request.body.startswith(b"GET"):
            return Response(200, self.record)
        self.record["Description"] = request.body.decode()
        return Response(200)

    def user_edit(self, object: str, id: str, values: Any) -> Any:
        self.record.update(values)
        return {}

    def dump(self) -> Any:
        return {"Account": {"1": self.record}}


def _asked(body: str) -> Any:
    return type("Request", (), {"path": "/api", "body": body.encode()})


def test_an_older_value_after_a_newer_one_is_counted() -> None:
    system = Noted(_Silent(), None)
    for edit in (1, 2, 2, 4):
        system.handle(_asked(f"https://k7-{edit}.example"))
    assert system.found["out_of_order"] == 0
    system.handle(_asked("https://k7-3.example"))
    system.user_edit("Account", "1", {"Website": "https://k8-9.example"})
    system.handle(_asked("https://k8-8.example"))
    assert system.found["out_of_order"] == 2


def test_an_edit_that_no_answer_held_before_it_was_written_over_is_noted() -> None:
    system = Noted(_Silent(), None)
    system.user_edit("Account", "1", {"Description": "note 1 of 7 in crm"})
    system.handle(_asked("GET"))
    system.handle(_asked("something newer"))
    assert system.overtaken == []
    system.user_edit("Account", "1", {"Description": "note 2 of 7 in crm"})
    system.user_edit("Account", "1", {"Description": "note 3 of 7 in crm"})
    system.handle(_asked("something newer"))
    assert system.overtaken == ["note 3 of 7 in crm"]


def test_a_call_too_many_is_refused_and_counted() -> None:
    system = Noted(_Silent(), pace=1.0)
    answers = [system.handle(_asked("")).status for _ in range(15)]
    assert answers == [200] * 13 + [429] * 2
    assert system.found["over_quota"] == 2
