"""Recordings of a real ERPNext 15 about items, orders, deliveries and stock, played to the sandbox."""

from __future__ import annotations

import pytest
from tests.sandbox.erpnext.replay import FOLDER, recordings
from tests.sandbox.erpnext.trade import STORY, TradePlayer

from bridge.sandbox.erpnext import build


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings stand beside the repository, and are not here")
def test_recorded_trade_comes_out_alike() -> None:
    player = TradePlayer(build(api_key="admin", site="acme.local", strict_hosts=True))
    wrong: dict[str, list[str]] = {}
    played = 0
    for recording in recordings():
        about_trade = recording.out_of_scope.startswith("orders") and not recording.name.startswith("03")
        if not about_trade or recording.name[:3] in STORY or "ebhook" in f"{recording.name}{recording.request}":
            continue
        played += 1
        if found := player.play(recording):
            wrong[recording.name] = found
    assert played > 100
    assert not wrong, "\n".join(f"{name}: {'; '.join(found)}" for name, found in wrong.items())
