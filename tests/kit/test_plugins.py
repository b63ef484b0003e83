"""Adapters of other authors: what is broken is told and left out, everything else works on."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from bridge import plugins
from bridge.adapters.memory import make as memory
from bridge.ports.adapter import Adapter
from bridge.ports.errors import AdapterBroken
from bridge.ports.kind import AdapterKind
from cli.conftest import Company, company

__all__ = ["company"]

BROKEN = {
    "absent": ("", "it cannot be imported: there is no module bridge_absent"),
    "imports": ("import no_such_library", "it cannot be imported: there is no module no_such_library"),
    "outdated": ("from json import no_such_name", "it cannot be imported: something is missing in json"),
    "quotes": ("raise ImportError('hush-hush-hush')", "cannot be used: ImportError at site/bridge_quotes.py:1"),
    "raises": ("secret = 'hush-hush-hush'\nraise RuntimeError(secret)", "RuntimeError at site/bridge_raises.py:2"),
    "leaves": ("import sys\nsys.exit('bye')", "SystemExit at site/bridge_leaves.py:2"),
    "syntax": ("def make(:", "SyntaxError"),
    "nothing": ("", "bridge_nothing has no make"),
    "text": ("make = 'an adapter'", "bridge_text:make is an object of str"),
    "class": ("class make: pass", "bridge_class:make is a class; it has to be"),
    "stumbles": ("def make(system, settings):\n    1 / 0", "making it failed (ZeroDivisionError at site/"),
    "poor": ("def make(system, settings):\n    return object()", "it makes an object of object, which lacks methods"),
}  # fmt: skip
ONLY_WHEN_MADE = ("stumbles", "poor")


class Site:
    """Plug-ins that are distributions in a folder on sys.path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, code: str | None, distribution: str | None = None) -> None:
        """A distribution with one adapter; no module where there is no code."""
        dist = distribution or f"bridge-{name}"
        if code is not None:
            (self.folder / f"bridge_{name}.py").write_text(code)
        info = self.folder / f"{dist.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[bridge.adapters]\n{name} = bridge_{name}:make\n")


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("plugins") / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield Site(folder)
    for path in folder.glob("bridge_*.py"):
        forget(path.stem)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_plugin_is_told_and_everything_else_works(name: str, site: Site, company: Company) -> None:
    code, words = BROKEN[name]
    site.install(name, None if name == "absent" else code)
    company.bridge("sync")
    company.change("bridge.yaml", "systems:", f"systems:\n  shop:\n    adapter: {name}")
    company.change("mappings/customer.yaml", "erp: {object: Partner}", "erp: {object: Partner}\n  shop: {object: X}")
    company.change("mappings/customer.yaml", "key: {", "key: {shop: k, ")
    company.change("mappings/customer.yaml", "name:   {", "name:   {shop: n, ")
    company.edit("crm", "crm-1", Phone="+49309")

    made_only = name in ONLY_WHEN_MADE
    listed = company.bridge("adapters", "list", "--json", code=0 if made_only else 1).json
    found = {one["name"]: one for one in listed["adapters"]}
    assert found["memory"]["problem"] is None
    assert made_only or words in found[name]["problem"]
    said = company.bridge("check", "--json", code=1).json
    rows = {row["system"]: row for row in said["systems"]}
    assert words in rows["shop"]["problems"][0]
    assert "BR-ADAPTER" in rows["shop"]["problems"][0]
    assert [rows[system]["answers"] for system in ("crm", "erp", "shop")] == ["yes", "yes", "no"]

    report = company.bridge("sync", "--json", code=1).json
    assert {trouble["code"] for trouble in report["troubles"]} == {"BR-ADAPTER"}
    assert company.rows("erp")["erp-1"]["phone"] == "+49309", "the other systems were not kept in step"
    assert "hush-hush-hush" not in json.dumps([listed, said, report])


@pytest.mark.parametrize("name", ["raises", "poor"])
def test_what_is_left_out_goes_on_when_it_is_mended(name: str, site: Site, company: Company) -> None:
    site.install(name, BROKEN[name][0])
    company.change("bridge.yaml", "adapter: memory\n    file: erp.json", f"adapter: {name}\n    file: erp.json")
    company.bridge("sync", code=1)
    (site.folder / f"bridge_{name}.py").write_text("from bridge.adapters.memory import make  # mended, and longer\n")
    forget(f"bridge_{name}")
    company.bridge("sync")
    assert {row["name"] for row in company.rows("erp").values()} == {"Muster GmbH", "Neu AG"}


def forget(module: str) -> None:
    sys.modules.pop(module, None)
    importlib.invalidate_caches()


def test_one_that_nobody_uses_is_a_warning_of_check(site: Site, company: Company) -> None:
    site.install("raises", BROKEN["raises"][0])
    said = company.bridge("check", "--json", code=1).json
    assert [row["problems"] for row in said["systems"]] == [[], []]
    (found,) = said["adapters"]
    assert (found["name"], found["distribution"], found["version"]) == ("raises", "bridge-raises", "1.2")
    assert "the adapter raises (bridge-raises 1.2) cannot be used: RuntimeError" in company.bridge("check", code=1).err
    company.bridge("sync")


def test_there_is_a_line_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.install("raises", BROKEN["raises"][0])
    point = plugins.installed().points["raises"]
    with caplog.at_level(logging.WARNING):
        adapter = plugins.made(point, "shop", {"token": "hush-hush-hush"})
    fault = "RuntimeError at site/bridge_raises.py:2"
    assert caplog.messages == [f"shop is left out: the adapter raises (bridge-raises 1.2) cannot be used: {fault}"]
    with pytest.raises(AdapterBroken, match="RuntimeError"):
        adapter.check()


def test_two_of_one_name_are_an_error_that_names_both(site: Site, company: Company) -> None:
    site.install("shop", "from bridge.adapters.memory import make", "bridge-shop-one")
    site.install("shop", "from bridge.adapters.memory import make", "bridge-shop-two")
    words = "the adapter shop is offered by bridge-shop-one and by bridge-shop-two: uninstall all but one of them"
    found = {one["name"]: one for one in company.bridge("adapters", "list", "--json", code=1).json["adapters"]}
    assert found["shop"]["problem"] == words
    company.bridge("sync")
    company.change("bridge.yaml", "adapter: memory\n    file: erp.json", "adapter: shop\n    file: erp.json")
    said = company.bridge("sync", code=2)
    assert words in said.text
    assert "bridge.yaml:" in said.text


def test_a_plain_function_is_an_adapter(site: Site, company: Company) -> None:
    site.install("plain", "from bridge.adapters.memory import make as kind\ndef make(s, t):\n    return kind(s, t)\n")
    company.change("bridge.yaml", "adapter: memory\n    file: erp.json", "adapter: plain\n    file: erp.json")
    company.bridge("sync")
    found = {one["name"]: one for one in company.bridge("adapters", "list", "--json").json["adapters"]}
    assert (found["plain"]["problem"], found["plain"]["support"]) == (None, {})


def test_an_unknown_adapter_is_told_with_what_there_is(company: Company) -> None:
    company.change("bridge.yaml", "adapter: memory\n    file: erp.json", "adapter: memori\n    file: erp.json")
    said = company.bridge("sync", code=2).text
    assert "there is no adapter 'memori', did you mean 'memory'?" in said
    assert "(installed: erpnext, files, memory, odoo, salesforce" in said  # others may be installed, too


def test_a_distribution_that_is_seen_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an editable install beside the source tree is."""
    points = [point for point in plugins.entry_points(group=plugins.GROUP) if point.name == "memory"]
    monkeypatch.setattr(plugins, "entry_points", lambda group: EntryPoints([*points, *points]))
    assert plugins.installed().clashes == {}


def test_a_kind_is_a_factory() -> None:
    assert isinstance(memory, AdapterKind)
    assert isinstance(memory("crm", {}), Adapter)
    assert isinstance(EntryPoint("memory", "bridge.adapters.memory:make", plugins.GROUP).load(), AdapterKind)


def test_new_refuses_names_that_cannot_be_used(company: Company) -> None:
    for name in ("Acme", "my-shop", "1st", "x y", "../x", ""):
        assert "cannot be the name of an adapter" in company.bridge("adapters", "new", name, code=2).text
    assert "there is an adapter 'memory' already" in company.bridge("adapters", "new", "memory", code=2).text
    company.bridge("adapters", "new", "acme")
    mine = company.folder / "bridge-acme" / "README.md"
    mine.write_text("mine")
    assert "nothing is overwritten" in company.bridge("adapters", "new", "acme", code=2).text
    assert mine.read_text() == "mine"
