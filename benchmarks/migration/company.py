"""Three sandboxes, a folder of exported files, and bridge's configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import yaml

from benchmarks.sandboxes import started
from bridge.entrypoints.demo.company import CONFIGURATION, SECRETS
from bridge.entrypoints.demo.servers import VENDORS

DESK = "desk"
"""The system that is a folder of CSV files."""
ENTITIES = ("customer", "contact", "product", "order")
FILES = {
    "adapter": "files",
    "folder": "data",
    "files": {
        "products": {"columns": {"list_price": "number"}},
        "orders": {
            "columns": {"order_date": "date", "requested_date": "date"},
            "rows": {"lines": {"parent": "order", "columns": {"quantity": "number", "unit_price": "number"}}},
        },
    },
}


class Company:
    """See the module. data: the folder of the files."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.data = folder, folder / "data"
        self.sandboxes = started(stack, VENDORS)
        self.environment = {**os.environ, **SECRETS, "BRIDGE_CONFIG": str(folder / "bridge.yaml"), "NO_COLOR": "1"}
        self._configure()
        for system in (*VENDORS, DESK):
            self.bridge("setup", system)
        currencies = self.sandboxes["erp"].control("GET", "dump")["res.currency"]
        euro = next(int(one) for one, row in currencies.items() if row["name"] == "EUR")
        euros = {"name": "Euro", "currency_id": euro}  # without a price list in it Odoo keeps no order in a currency
        self.sandboxes["erp"].seed([{"object": "product.pricelist", "values": euros}])

    def _configure(self) -> None:
        """The mappings as `bridge init` writes them for these four."""
        systems = [word for name, vendor in VENDORS.items() for word in ("--system", f"{name}={vendor}")]
        self.bridge("init", str(self.folder), *systems, "--system", f"{DESK}=files")
        addresses = {system: sandbox.url for system, sandbox in self.sandboxes.items()}
        settings = yaml.safe_load(CONFIGURATION.format(**addresses))
        settings["systems"][DESK] = FILES
        (self.folder / "bridge.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        for path in (self.folder / "mappings").glob("*.yaml"):
            if path.stem not in ENTITIES:
                path.unlink()
        self.data.mkdir()

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command of bridge, not waited for."""
        command = [sys.executable, "-m", "bridge", *words]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True, cwd=self.folder)

    def bridge(self, *words: str) -> str:
        """A command of bridge, and what it said."""
        process = self.start(*words)
        said, _ = process.communicate()
        if process.returncode not in (0, 1):
            raise SystemExit(f"bridge {' '.join(words)} ended with {process.returncode}: {said[-2000:]}")
        return said
