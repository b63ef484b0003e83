"""Starting a sandbox by its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from bridge.sandbox.kernel import Application, Server, serve

NAMES = ("salesforce", "odoo", "erpnext", "rest")


def build(name: str, **options: Any) -> Application:
    """The application of one vendor; the options are those of its own `build`. Raises ValueError for others."""
    if name not in NAMES:
        raise ValueError(f"there is no sandbox {name!r}; there are {', '.join(NAMES)}")
    return cast(Application, import_module(f"bridge.sandbox.{name}").build(**options))


def run(
    name: str,
    host: str,
    port: int,
    seed_file: Path | None = None,
    *,
    tls: bool = False,
    options: Mapping[str, Any] | None = None,
    announce: Callable[[Server], None] | None = None,
) -> None:
    """Serve until interrupted. `announce` is called once when the port is bound and the seed is in."""
    app = build(name, **dict(options or {}))
    if seed_file:
        app.seed(json.loads(seed_file.read_text(encoding="utf-8")))
    server = serve(app, host=host, port=port, tls=tls)
    if announce:
        announce(server)
    server.run_forever()
