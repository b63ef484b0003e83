"""Recordings of a real ERPNext 15, played to the sandbox."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.sandbox.erpnext.replay import FOLDER, Player, recordings

from bridge.sandbox.erpnext import build

SHARE = 0.95
"""Of the recordings in scope, the share that has to match."""


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings stand beside the repository, and are not here")
def test_recorded_answers_are_given_again() -> None:
    player = Player(build(api_key="admin", site="acme.local", strict_hosts=True))
    left_out: Counter[str] = Counter()
    wrong: dict[str, list[str]] = {}
    tried = 0
    for recording in recordings():
        if recording.out_of_scope:
            left_out[recording.out_of_scope] += 1
            continue
        tried += 1
        found = player.play(recording)
        if found:
            wrong[f"{recording.name} ({recording.title})"] = found
    print(f"\n{tried - len(wrong)} of {tried} recordings match")
    for reason, count in left_out.items():
        print(f"{count} not tried: {reason}")
    for name, found in wrong.items():
        print(f"{name}: {'; '.join(found)}")
    assert tried > 100
    assert (tried - len(wrong)) / tried >= SHARE, wrong
