"""Replay of recorded exchanges about products, orders and stock with real servers of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sandbox.odoo.replay import Recording
from tests.sandbox.odoo.trade import MODELS, STORY, Scene, Story, play

from bridge.sandbox.kernel import serve
from bridge.sandbox.odoo import build

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"


@pytest.mark.parametrize("version", ["18", "19"])
def test_recorded_trade_comes_out_alike(version: str) -> None:
    folder = RECORDINGS / f"odoo{version}"
    if not folder.is_dir():
        pytest.skip(f"the recordings of Odoo {version} are not here ({folder.name})")
    app = build(version=version, database="acme18" if version == "18" else "acme")
    recordings = {path.name[:3]: Recording.read(path) for path in sorted(folder.glob("[0-9]*.json"))}
    story = Story.of(recordings)
    wrong: dict[str, list[str]] = {}
    played = 0
    with serve(app) as server:
        for number, recording in recordings.items():
            call = recording.call
            if call is None or not call[0].startswith(MODELS) or call[1] == "load" or number in STORY:
                continue
            app.reset()
            played += 1
            found = play(app, server.url, Scene(app, version, story, recording))
            if found:
                wrong[recording.path.name] = found
    assert played > 35
    assert not wrong, "\n".join(f"{name}: {'; '.join(found)}" for name, found in wrong.items())
