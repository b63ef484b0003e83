"""Defects and signals: what happened is said in a sentence, a crash note has the places, nothing has a value (G10)."""

from __future__ import annotations

import gc
import os
import pickle
import pty
import re
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import bridge.entrypoints.cli as cli
from bridge.adapters.odoo.adapter import OdooAdapter
from bridge.config import load_config
from bridge.engine.plan.rehearsal import Action
from bridge.entrypoints.cli.crash import last_resort
from bridge.ports.records import CreateItem, DeleteItem, Tombstone, UpdateItem, WriteResult
from bridge.ports.work import Conflict, HistoryRow, Intent, Proposal
from bridge.sandbox.kernel import Response, Server
from bridge.store.database import SqlUnitOfWork
from bridge.wiring import make_adapters, make_maps, make_runtime, opened_store
from e2e.marked import PEOPLE, SECRETS, VENDORS, Watched, started, watched

VALUES = f"{SECRETS['MARK_ERP_PASSWORD']} {SECRETS['MARK_CRM_SECRET']} {' '.join(PEOPLE)}"


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    with started() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    with watched(tmp_path, servers, monkeypatch) as made:
        yield made
        for system in VENDORS:
            made.echo(system).answer = None
        made.nothing_left()


def breaks(*args: Any, **named: Any) -> Any:
    """A defect as they are: the exception quotes what it stumbled over, and so does the one before it."""
    try:
        raise KeyError(VALUES)
    except KeyError as error:
        raise ValueError(f"cannot work with {VALUES} {args} {named}") from error


QUIET = ("open", "fetch")
"""What goes wrong in `open` is left to the reading, and these commands do not come to fetch a record."""


@pytest.mark.parametrize("method", ["open", "check", "schema", "changes", "create", "fetch", "capabilities"])
def test_a_defect_in_an_adapter(site: Watched, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setattr(OdooAdapter, method, breaks)
    site.fill()
    said = "".join(site.bridge(*words) for words in (("check",), ("sync",), ("mapping", "lint"), ("sync", "--json")))
    assert "the adapter failed unexpectedly (ValueError at test_secrets_crash.py:" in said or method in QUIET


def test_a_result_that_carries_a_defect(site: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def create(self: OdooAdapter, spec: object, items: list[object]) -> list[WriteResult]:
        return [WriteResult("failed", error=ValueError(VALUES)) for _ in items]

    monkeypatch.setattr(OdooAdapter, "create", create)
    site.fill()
    site.bridge("sync", code=1)
    site.bridge("outbox", "list", "--json")


@pytest.mark.parametrize("place", ["engine.ingest.absorb", "engine.ingest.enqueue_due", "engine.cycle.arm"])
def test_a_defect_in_taking_in_what_was_read(site: Watched, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr(f"bridge.{place}", breaks)
    site.fill()
    for words in (("sync",), ("sync", "--json"), ("plan",)):
        assert "ValueError" in site.bridge(*words, code=1)


@pytest.mark.parametrize("place", ["engine.cycle.enforce", "engine.cycle.write"])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_defect_in_the_engine_leaves_a_note(
    site: Watched, monkeypatch: pytest.MonkeyPatch, place: str, as_json: bool
) -> None:
    """The note has kinds and places of the whole chain; it is for its owner only."""
    monkeypatch.setattr(f"bridge.{place}", breaks)
    site.fill()
    said = site.bridge("sync", *(["--json"] if as_json else []), code=1)
    assert re.search(r"BR-ERROR.*unexpected ValueError at .*test_secrets_crash.py:\d+", said, re.DOTALL)
    (note,) = (site.folder / "notes").glob("bridge-crash-*.txt")
    assert str(note) in said
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    text = note.read_text(encoding="utf-8")
    assert re.search(r"builtins.ValueError\n(    .*\n)*    bridge/engine/\w+.py:\d+ \w+\n", text)
    assert re.search(r"after builtins.KeyError\n    .*test_secrets_crash.py:\d+ breaks\n", text)
    assert site.secrets.found(text) + site.people.found(text) == []


def test_a_defect_outside_of_every_command(site: Watched, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, last_resort():
        breaks(SECRETS)
    out, err = capfd.readouterr()
    assert ended.value.code == 1
    assert "BR-ERROR unexpected ValueError" in err
    site.judge(("main",), out, err)


def test_the_program_has_the_last_resort_around_it(site: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_run", breaks)
    limit = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        with pytest.raises(SystemExit):
            cli.main()
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0, "a core dump would hold every secret"
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, limit)
        gc.set_threshold(700, 10, 10)


class Held:
    """An answer that does not come before it is let go: a process is surely in the middle of its work."""

    def __init__(self) -> None:
        self.asked, self.free = threading.Event(), threading.Event()

    def __call__(self, all_: str, token: str) -> Response:
        self.asked.set()
        self.free.wait(30)
        return Response(500, b"")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_signal_in_the_middle(site: Watched, number: signal.Signals) -> None:
    """With everything on that tells more: -X dev, the fault handler, and leave to write a core."""
    site.fill()
    held = Held()
    site.echo("fin").answer, site.echo("fin").pattern = held, "insert*"
    environment = {**os.environ, **site.environment, "PYTHONFAULTHANDLER": "1", "TMPDIR": str(site.folder / "notes")}
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-m", "bridge", "sync"],
        env=environment, cwd=site.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)),
    )  # fmt: skip
    try:
        assert held.asked.wait(90), "the sync has not come to its first write"
        limits = Path(f"/proc/{process.pid}/limits")
        if limits.exists():
            assert re.search(r"Max core file size +0 ", limits.read_text())
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        held.free.set()
        process.kill()
    assert process.returncode != 0
    if number == signal.SIGABRT:
        assert "Fatal Python error" in err
        err = err.replace("Traceback (most recent call last)", "")
    site.judge(("sync",), out, err)
    site.echo("fin").answer = None
    site.bridge("sync")


def test_a_terminal_that_shows_progress(site: Watched) -> None:
    site.fill()
    ours, theirs = pty.openpty()
    environment = {**os.environ, **site.environment, "TERM": "xterm", "COLUMNS": "200"}
    command = [sys.executable, "-m", "bridge", "sync"]
    process = subprocess.Popen(command, env=environment, cwd=site.folder, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(ours)
    assert process.wait(timeout=60) == 1
    text = said.decode(errors="replace")
    assert "BR-REJECTED" in text
    site.judge(("sync",), text)


def test_nothing_in_use_shows_a_secret_or_can_be_pickled_with_one(
    site: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """repr and str of every object of bridge and of the libraries that talk to systems, while they are in use."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    site.fill()
    site.bridge("sync")
    pages: list[object] = []
    config = load_config(site.folder / "bridge.yaml")
    maps, adapters = make_maps(config), make_adapters(config)
    with opened_store(config) as store:
        runtime = make_runtime(config, store, adapters, maps)
        for adapter in adapters.values():
            adapter.open([maps["customer"].spec(adapter.system)])
            pages.append(adapter.changes(maps["customer"].spec(adapter.system), None, 10))
        with store.begin() as uow:
            pages += [stored(uow), told("Zita Zwetschgenbaum")]
        gc.collect()
        about = ("bridge.", "requests.sessions", "requests.models", "simple_salesforce", "odoorpc", "sqlalchemy.engine",
                 "pydantic.types")  # fmt: skip
        made = [(str(type(one).__module__), one) for one in gc.get_objects() if not isinstance(one, type)]
        live = [one for kind, one in made if kind.startswith(about) and not kind.startswith("bridge.sandbox")]
        kinds = {type(one).__name__ for one in live}
        assert {"Config", "Settings", "Client", "Tokens", "Token", "PooledSession", "Runtime", "SecretStr"} <= kinds
        assert {
            "NativeRecord",
            "ChangePage",
            "Golden",
            "Shadow",
            "Link",
            "OutboxEntry",
            "HistoryRow",
            "Conflict",
        } <= kinds
        for one in live:
            assert site.people.found(shown(one)) + site.secrets.found(shown(one)) == [], type(one)
        for one in live:
            if type(one).__name__ in ("Settings", "Config", "Runtime", "Client", "SalesforceAdapter", "OdooAdapter"):
                assert site.secrets.found(pickled(one)) == [], type(one)
        assert site.secrets.found(f"{config} {runtime}") == []
    for adapter in adapters.values():
        adapter.close()


def stored(uow: SqlUnitOfWork) -> list[object]:
    """What the store hands out of a customer of each kind."""
    links = list(uow.all_links("customer", "linked", 50))
    ids = [str(link.golden_id) for link in links]
    shadows = [uow.shadows(link.system, "customer", [link.native_id]) for link in links]
    history = [uow.history("customer", golden_id, 50) for golden_id in ids]
    return [links, uow.goldens("customer", ids), shadows, history, uow.conflicts(state=None, entity=None, limit=9),
            uow.entries(None, 50)]  # fmt: skip


def told(name: str) -> list[object]:
    """What else passes through the engine, about a person of this name."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        HistoryRow("customer", "g1", "name", None, name, "crm", at, "newest"), Tombstone(name, at, name),
        Conflict("c1", "customer", "g1", "name", "held", "ask", "", name, (Proposal("crm", name, at),), at),
        DeleteItem(name), UpdateItem(name, {"Name": name}), CreateItem("g1", {"Name": name}), WriteResult("ok", name),
        Intent("update", name, {"Name": name}, {"Name": name}, None),
        Action("fin", "customer", "update", name, "g1", {}, {"Name": name}),
    ]  # fmt: skip


def shown(one: object) -> str:
    """repr and str; of an object of a library that is not whole, and has none, nothing."""
    try:
        return f"{one!r} {one!s}"
    except TypeError:
        return ""


def pickled(one: object) -> bytes:
    """Its pickle; nothing where it refuses to have one."""
    try:
        return pickle.dumps(one)
    except (TypeError, AttributeError, pickle.PicklingError):
        return b""
