"""A company whose systems are files, and the command line inside this process."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from bridge.adapters.memory import forget_worlds
from bridge.entrypoints.cli import output
from bridge.entrypoints.cli.app import app
from support.command import invoke

CONFIG = """\
version: "1"
store: sqlite:///bridge.db
mappings: mappings
systems:
  crm:
    adapter: memory
    file: crm.json
  erp:
    adapter: memory
    file: erp.json
"""
MAPPING = """\
version: "1"
entity: customer
systems:
  crm: {object: Account}
  erp: {object: Partner}
identity:
  key: {crm: bridge_id, erp: bridge_id}
  match:
    - same: [tax_id]
defaults: {direction: both, conflict: newest}
fields:
  name:   {crm: Name, erp: name, required: yes}
  tax_id: {crm: VAT, erp: vat}
  phone:  {crm: Phone, erp: phone}
  notes:  {crm: Description, erp: comment, conflict: ask}
"""
COMMAND = get_command(app)  # once: building it takes longer than most commands
OBJECTS = {"crm": "Account", "erp": "Partner"}


class Said:
    """What a command left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        self.text = " ".join(f"{out} {err}".split())

    @property
    def json(self) -> Any:
        """The one document that stands on standard output."""
        return json.loads(self.out)


class Company:
    """A folder with configuration, mapping and two systems."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("bridge.yaml", CONFIG)
        self.write("mappings/customer.yaml", MAPPING)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def fill(self, system: str, rows: Iterable[dict[str, Any]], at: str = "2026-03-01T00:00:00+00:00") -> None:
        """What the system holds, as users typed it."""
        listed = [
            {"id": f"{system}-{number}", "values": values, "at": at, "number": number}
            for number, values in enumerate(rows, 1)
        ]
        held = {"writes": len(listed), "key_fields": [OBJECTS[system]], "objects": {OBJECTS[system]: listed}}
        self.write(f"{system}.json", json.dumps(held))

    def edit(self, system: str, native_id: str, **values: Any) -> None:
        """A user's edit."""
        held = json.loads((self.folder / f"{system}.json").read_text())
        held["writes"] += 1
        for row in held["objects"][OBJECTS[system]]:
            if row["id"] == native_id:
                row["values"].update(values)
                row["at"], row["number"] = datetime.now(UTC).isoformat(), held["writes"]
        self.write(f"{system}.json", json.dumps(held))

    def add(self, system: str, obj: str, values: dict[str, Any], at: str = "2026-03-01T00:00:00+00:00") -> None:
        """A record of another object."""
        held = json.loads((self.folder / f"{system}.json").read_text())
        held["writes"] += 1
        row = {"id": f"{obj}-{held['writes']}", "values": values, "at": at, "number": held["writes"]}
        held["objects"].setdefault(obj, []).append(row)
        self.write(f"{system}.json", json.dumps(held))

    def rows(self, system: str, obj: str | None = None) -> dict[str, dict[str, Any]]:
        """What the system holds now, by id."""
        held = json.loads((self.folder / f"{system}.json").read_text())
        return {row["id"]: row["values"] for row in held["objects"].get(obj or OBJECTS[system], [])}

    def alive(self, system: str) -> set[str]:
        """The ids of what is not deleted there."""
        held = json.loads((self.folder / f"{system}.json").read_text())
        return {row["id"] for row in held["objects"].get(OBJECTS[system], []) if not row.get("deleted")}

    def bridge(self, *words: str, code: int | None = 0) -> Said:
        """Run a command as a new process would; what it must never do is checked each time."""
        forget_worlds()
        result = invoke(words)
        said = Said(result.exit_code, result.stdout, result.stderr)
        assert "Traceback" not in said.text
        assert code is None or said.code == code, f"ended with {said.code}: {said.text}"
        if "--json" in words:
            json.loads(said.out)
        return said


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRIDGE_CONFIG", raising=False)
    monkeypatch.setattr("typer.testing._get_command", lambda app: COMMAND)
    monkeypatch.setattr(output.console, "width", 240)
    made = Company(tmp_path)
    made.fill("crm", [{"Name": "Muster GmbH", "VAT": "DE1", "Phone": "+49301"}, {"Name": "Neu AG", "VAT": "DE2"}])
    made.fill("erp", [{"name": "Muster GmbH", "vat": "DE1", "phone": "+49301", "comment": "pays late"}])
    return made
