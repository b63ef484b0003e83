"""docs/reference/adapters.md, written from what adapters say of themselves: `python tests/contract/levels_page.py`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

from bridge.plugins import plugins
from bridge.ports.kind import ANY_ENTITY, LEVELS, AdapterKind
from bridge.testing.contract import AdapterContract
from bridge.testing.levels import each_test

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "adapters.md"
ADAPTERS = ("salesforce", "odoo", "erpnext", "memory", "files")
"""Those that come with bridge, in the order of the page. A test looks for others."""

_HEAD = """\
# Adapters

<!-- Written by tests/contract/levels_page.py from what the adapters say of themselves; do not edit. -->

What comes with bridge. `bridge adapters list` shows the same for all that is installed, also that of other authors;
[how to write one](../how-to/write-an-adapter.md) is half an hour's work.

## Levels

An adapter declares how much of [the contract](adapter-contract.md) it keeps, and the suite tests it for that: `reads`,
then `writes` (creates and updates with versions, and what a write meets), then `deletes` (with drift: that what went
missing, or was changed behind bridge's back, is seen). `pytest` says at its end which level each adapter passes; the
numbers are those of the tests of each level, all of which pass or are skipped for a reason.

| adapter | declares | passes | tested as |
| --- | --- | --- | --- |
"""

_SUPPORT = """
## What each does with each entity

*versions*: whether a write is refused where the record has moved: by the system itself (yes), or by a look right
before the write (emulated). *tombstones*: whether the system tells what was deleted; where it does not, bridge compares
ids, once a day and with `bridge sync --sweep`.

| adapter | entity | read | create | update | delete | versions | tombstones |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def suites(adapter: str) -> list[type[AdapterContract]]:
    """The classes that run the contract for an adapter as it comes."""
    module = importlib.import_module(f"contract.test_{adapter}")
    kind = kind_of(adapter)
    return [one for name, one in sorted(vars(module).items()) if name.startswith("Test") and one.kind is kind]


def kind_of(adapter: str) -> AdapterKind:
    """What its entry point names."""
    kind = {plugin.name: plugin.kind for plugin in plugins()}[adapter]
    assert kind is not None
    return kind


def page() -> str:
    """The page as it has to be."""
    return _HEAD + "".join(_levels()) + _SUPPORT + "".join(_support())


def _levels() -> Iterator[str]:
    for adapter in ADAPTERS:
        kind, tested = kind_of(adapter), suites(adapter)
        counted = dict.fromkeys(LEVELS, 0)
        for _, level in each_test(tested[0]):
            counted[level] += 1
        passes = ", ".join(f"{level} ({number})" for level, number in counted.items() if number)
        yield f"| {adapter} | {kind.level} | {passes} | {', '.join(f'`{one.__name__}`' for one in tested)} |\n"


def _support() -> Iterator[str]:
    words = {"native": "yes", "unsupported": "no"}
    for adapter in ADAPTERS:
        for entity, one in kind_of(adapter).support.items():
            told = (one.read, one.create, one.update, one.delete, one.versions, one.tombstones)
            name = "any other" if entity == ANY_ENTITY and len(kind_of(adapter).support) > 1 else entity
            cells = [adapter, "any" if name == ANY_ENTITY else name, *(words.get(word, word) for word in told)]
            yield f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
