"""The core decides nothing by an adapter's name: outside the adapters, the sandboxes and the demo none is known."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge
from bridge.plugins import installed

ROOT = Path(bridge.__file__).parent
APART = ("adapters", "sandbox", "entrypoints/demo")
"""Where a vendor may be named: its own adapter, the server that behaves like it, and a demonstration of three."""
NAMES = frozenset(installed().points)
TESTING = {"testing/memory.py": {"memory"}}
"""The harness of the system in memory imports its adapter: it is a test of one adapter, shipped as an example."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(APART):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def named(tree: ast.Module) -> set[str]:
    """The adapters that a module names: as a word of its own in its code, or by importing it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= NAMES & {node.value}
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("bridge.adapters."):
            found.add(node.module.split(".")[2])
        if isinstance(node, ast.Import):
            found |= {one.name.split(".")[2] for one in node.names if one.name.startswith("bridge.adapters.")}
    return found


@pytest.mark.parametrize(("name", "tree"), [pytest.param(*one, id=one[0]) for one in sources()])
def test_the_core_names_no_adapter(name: str, tree: ast.Module) -> None:
    assert named(tree) - TESTING.get(name, set()) == set()


def test_a_plug_in_is_mentioned_nowhere() -> None:
    """Adapters under plugins/ are distributions of their own."""
    said = [path for path in ROOT.rglob("*.py") if "tryton" in path.read_text(encoding="utf-8").lower()]
    assert said == []


@pytest.mark.parametrize(
    "code",
    ["if kind == 'odoo': pass", "from bridge.adapters.odoo import make", "import bridge.adapters.odoo.client",
     "KNOWN = {'odoo': 1}"],
)  # fmt: skip
def test_a_name_would_be_found(code: str) -> None:
    assert named(ast.parse(code)) == {"odoo"}
    assert named(ast.parse('"as crm: {adapter: salesforce}"')) == set(), "an example in a sentence decides nothing"
