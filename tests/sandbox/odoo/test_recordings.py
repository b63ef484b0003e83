"""Replay of recorded exchanges with real servers of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sandbox.odoo.replay import Recording, differences, prepare, send

from bridge.sandbox.kernel import serve
from bridge.sandbox.odoo import build

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
SHARE = 0.95


@pytest.mark.parametrize("version", ["18", "19"])
def test_recorded_exchanges_come_out_alike(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RECORDINGS / f"odoo{version}"
    if not folder.is_dir():
        pytest.skip(f"the recordings of Odoo {version} are not here ({folder.name})")
    database = "acme18" if version == "18" else "acme"
    app = build(version=version, database=database)
    matched, different, skipped = [], [], {}
    server = serve(app)
    server.start()
    crowded = serve(build(version=version, database=database, other_databases=("another",)))
    crowded.start()
    try:
        for path in sorted(folder.glob("[0-9]*.json")):
            recording = Recording.read(path)
            if reason := recording.out_of_scope():
                skipped[path.name] = reason
                continue
            app.reset()
            prepare(app, recording)
            url = crowded.url if "unknown session id" in recording.title else server.url
            found = differences(recording, send(app, url, recording))
            if found:
                different.append(f"{path.name}: {recording.title}: {'; '.join(found)}")
            else:
                matched.append(path.name)
    finally:
        server.stop()
        crowded.stop()
    total = len(matched) + len(different)
    with capsys.disabled():
        print(f"\nOdoo {version}: {len(matched)} of {total} recordings in scope match, {len(skipped)} out of scope")
        for line in different:
            print(f"  differs: {line}")
        for reason in sorted(set(skipped.values())):
            print(f"  out of scope ({sum(value == reason for value in skipped.values())}): {reason}")
    assert total > 50
    assert len(matched) / total >= SHARE, different
