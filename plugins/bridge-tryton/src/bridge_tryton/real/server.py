"""Tryton servers with their databases: built once for each set of versions, and copied for every server."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from importlib.metadata import distributions
from pathlib import Path
from typing import Self

import requests
from filelock import FileLock

MODULES = ("party", "product", "sale", "stock")
DATABASE = "company"
LOGIN = "admin"
PASSWORD = "bridge-secret-password"  # noqa: S105 - of a database that is gone with its server
RECIPE = 1
"""To be raised when databases must be built anew though no version has changed."""
_PATIENCE = 60.0
_LAUNCH = Path(__file__).with_name("launch.py")


class NoServer(RuntimeError):
    """A Tryton server did not start, or its database could not be built."""


def cache_folder() -> Path:
    """Where built databases are kept: BRIDGE_TRYTON_CACHE, or below the user's cache."""
    given = os.environ.get("BRIDGE_TRYTON_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bridge-tryton"


def versions() -> dict[str, str]:
    """Distribution -> version of Tryton's server and of every module that is installed."""
    found = {one.metadata["Name"].lower().replace("-", "_"): one.version for one in distributions()}
    return {name: found[name] for name in sorted(found) if name.startswith("trytond")}


def template() -> Path:
    """The built database of these versions; made where it is not there yet, which takes about a minute, once."""
    from bridge_tryton.real.company import found_company

    installed = versions()
    if "trytond_sale" not in installed:
        raise NoServer("Tryton is not installed: pip install 'bridge-tryton[test]'")
    meaning = repr((RECIPE, MODULES, installed)).encode()
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(meaning).hexdigest()[:16]}.sqlite"
    with FileLock(path.with_suffix(".lock"), timeout=900):  # several test processes ask at once
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=folder) as work:
                made = Path(work) / f"{DATABASE}.sqlite"
                _build(made)
                with Server(made) as server:
                    found_company(server)
                _settle(made)
                made.rename(path)
    return path


def _build(path: Path) -> None:
    path.touch()
    secret = path.with_name("password")
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    words = ["-d", DATABASE, "-u", *MODULES, "--activate-dependencies", "--email", "admin@company.example"]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(_LAUNCH), "admin", *words],
        env={**_environment(path.parent), "TRYTONPASSFILE": str(secret)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NoServer(f"the database could not be built: {done.stderr[-2000:]}")


def _settle(path: Path) -> None:
    """Bring into the one file what SQLite still has beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _environment(folder: Path, port: int = 0) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("TRYTOND_", "BRIDGE_"))}
    return {
        **own,
        "TRYTOND_DATABASE__URI": "sqlite://",
        "TRYTOND_DATABASE__PATH": str(folder),
        "TRYTOND_WEB__LISTEN": f"127.0.0.1:{port}",
        "BRIDGE_TRYTON_CLOCK": str(folder / "clock"),
    }


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Server:
    """A running server over a database of its own. Used in a `with`; nothing is left running or lying about.

    source: a database to be used as it is; without one, a copy of the template is made.
    """

    def __init__(self, source: Path | None = None) -> None:
        self._source = source
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.offset = 0.0

    def __enter__(self) -> Self:
        if self._source is None:
            self._folder = Path(tempfile.mkdtemp(prefix="bridge-tryton-"))
            shutil.copyfile(template(), self._folder / f"{DATABASE}.sqlite")
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def folder(self) -> Path:
        """Where the database lies."""
        found = self._folder or (self._source.parent if self._source else None)
        assert found is not None, "the server was not started"
        return found

    def _start(self) -> None:
        for _ in range(3):  # somebody else may take the port between our look and the server's
            port = free_port()
            with (self.folder / "server.log").open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, str(_LAUNCH), "serve", "-d", DATABASE],
                    env=_environment(self.folder, port),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            self.url = f"http://127.0.0.1:{port}"
            if self._answers():
                return
            self.stop()
        said = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")[-2000:]
        raise NoServer(f"the server did not start: {said}")

    def _answers(self) -> bool:
        """Whether it is there: it answers its version only once it can work."""
        body = {"id": 1, "method": "common.server.version", "params": []}
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._process is not None and self._process.poll() is None:
            try:
                if requests.post(f"{self.url}/rpc/", json=body, timeout=5).ok:
                    return True
            except requests.RequestException:
                time.sleep(0.05)
        return False

    def stop(self) -> None:
        """End the process."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def clock(self, *, offset: float | None = None, frozen: float | None = None) -> None:
        """Move the server's clock, or stop it at an instant (seconds since 1970)."""
        self.offset = self.offset if offset is None else offset
        path = self.folder / "clock"
        fresh = path.with_suffix(".new")
        fresh.write_text(f"{self.offset} {frozen if frozen is not None else ''}".strip(), encoding="utf-8")
        fresh.replace(path)
