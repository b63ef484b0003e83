"""What a start of the program imports: a command waits for what it needs, and for nothing that only others need."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from bridge.entrypoints.cli.app import app
from bridge.entrypoints.cli.commands import COMMANDS
from bridge.entrypoints.demo.company import CONFIGURATION, SECRETS
from cli.conftest import CONFIG, MAPPING

ROOT = Path(__file__).resolve().parents[2]

LOOK = """
import json, sys
from bridge.entrypoints.cli import main
file, *words = sys.argv[1:]
sys.argv = ["bridge", *words]
try:
    main()
finally:
    with open(file, "w", encoding="utf-8") as found:
        json.dump(sorted(sys.modules), found)
"""
LIBRARIES = ("alembic", "openpyxl", "pydantic", "requests", "simple_salesforce", "sqlalchemy", "tenacity", "zeep")
VALUES = ("email_validator", "phonenumbers")
"""Libraries that only a value needs."""
CALLS = ("simple_salesforce", "zeep", "jwt")
"""Libraries that only a call to a system needs."""
PARTS = ("adapters", "canonical", "config", "engine", "mapping", "ports", "sandbox", "store", "wiring")


def imported(folder: Path, *words: str) -> set[str]:
    """What a process of its own has imported by the end of a command; of bridge also the parts, as `bridge.engine`."""
    file = folder / "modules.json"
    environment = {**os.environ, **SECRETS, "BRIDGE_CONFIG": str(folder / "bridge.yaml")}
    command = [sys.executable, "-c", LOOK, str(file), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    modules = [name.split(".") for name in json.loads(file.read_text(encoding="utf-8"))]
    return {".".join(name[:depth]) for name in modules for depth in (1, 2, 3)}


@pytest.mark.parametrize("words", [("--version",), ("--help",)])
def test_words_of_the_program_import_no_part_of_it(tmp_path: Path, words: tuple[str, ...]) -> None:
    found = imported(tmp_path, *words)
    assert "bridge.entrypoints" in found, "the look itself works"
    assert not found & {*LIBRARIES, *(f"bridge.{part}" for part in PARTS)}


def test_a_look_at_the_store_needs_neither_sandboxes_nor_systems(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    (tmp_path / "bridge.yaml").write_text(CONFIGURATION.format(crm=nowhere, erp=nowhere, fin=nowhere), encoding="utf-8")
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    found = imported(tmp_path, "status")
    assert "bridge.store" in found, "the store has been looked at"
    assert not found & {"bridge.sandbox", "bridge.adapters", "requests", *CALLS, *VALUES}


def test_an_adapter_loads_what_makes_calls_with_the_first_call(tmp_path: Path) -> None:
    found = imported(tmp_path, "adapters", "list")
    assert "bridge.adapters.salesforce" in found, "the adapters have been imported"
    assert not found & {"bridge.sandbox", *CALLS, *VALUES}


def test_a_sync_with_nothing_to_do_needs_nothing_of_values_and_migrations(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "customer.yaml").write_text(MAPPING, encoding="utf-8")
    imported(tmp_path, "sync")  # makes the store
    found = imported(tmp_path, "sync")
    assert found >= {"bridge.engine.cycle", "sqlalchemy"}, "the engine has run"
    assert not found & {"bridge.sandbox", "bridge.testing", "openpyxl", "alembic", *CALLS, *VALUES}


def test_the_help_says_of_each_command_what_it_says_itself() -> None:
    group = get_command(app)
    commands = group.commands  # type: ignore[attr-defined]
    own = {name: inspect.cleandoc(command.help).split("\n\n")[0] for name, command in commands.items()}
    assert {name: " ".join(text.split()) for name, text in own.items()} == {
        name: place.help for name, place in COMMANDS.items()
    }
