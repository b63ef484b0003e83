"""Runs trytond or trytond-admin: `python launch.py serve|admin WORDS...`, in a process of its own.

Three things differ from the programs themselves. Passwords are hashed cheaply: a test logs in hundreds of times. Mail
addresses are not looked up in the DNS: without the package `dns` Tryton leaves that out, and nothing here may leave
this machine. And the server's clock can be moved: the file named by BRIDGE_TRYTON_CLOCK holds "OFFSET" in seconds, or
"OFFSET FROZEN-AT" with the instant at which it stands.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ["TZ"] = "UTC"
time.tzset()
sys.modules["dns"] = None  # type: ignore[assignment]


def now() -> datetime:
    """The server's time, naive and in UTC as Tryton keeps it."""
    seconds = time.time()
    path = os.environ.get("BRIDGE_TRYTON_CLOCK")
    if path:
        try:
            offset, _, frozen = Path(path).read_text(encoding="utf-8").partition(" ")
        except OSError:
            offset, frozen = "", ""
        seconds = (float(frozen) if frozen else seconds) + float(offset or 0)
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _move_clocks() -> None:
    """Tryton's stamps come from the database, which asks this function; the Date header from werkzeug's server."""
    from trytond.backend.sqlite import database
    from trytond.transaction import Transaction
    from werkzeug.serving import WSGIRequestHandler

    stamps: dict[object, str] = {}

    def stamp() -> str:
        transaction = Transaction()
        begun = (id(transaction), transaction.started_at)
        if begun not in stamps:
            stamps.clear()
            stamps[begun] = now().isoformat(" ", timespec="microseconds")
        return stamps[begun]

    database.now = stamp
    handler: Any = WSGIRequestHandler
    handler.date_time_string = lambda self, timestamp=None: now().strftime("%a, %d %b %Y %H:%M:%S GMT")


def _hash_cheaply() -> None:
    try:
        argon2: Any = import_module("pwdlib.hashers.argon2")
    except ImportError:  # an older server has another way
        return
    slow = argon2.Argon2Hasher
    argon2.Argon2Hasher = lambda: slow(time_cost=1, memory_cost=64, parallelism=1)


def main() -> None:
    """Everything else is Tryton's own program."""
    what, *words = sys.argv[1:]
    sys.argv = [f"trytond-{what}", *words]
    _hash_cheaply()
    if what == "admin":
        from trytond.cli.admin import main as program
    else:
        from trytond.cli import main as program
        from trytond.config import update_etc

        update_etc()  # the database module reads it
        _move_clocks()
    program()


if __name__ == "__main__":
    main()
