"""`bridge init`, `check`, `setup` and the words around them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge import __version__
from bridge.sandbox.kernel import serve
from bridge.sandbox.odoo import build
from cli.conftest import Company


def test_version(company: Company) -> None:
    assert company.bridge("--version").out == f"bridge {__version__}\n"


def test_help_names_every_command(company: Company) -> None:
    said = company.bridge("--help").text
    for command in ("init", "check", "setup", "plan", "sync", "status", "explain", "mapping", "sandbox", "demo"):
        assert command in said


def test_init_writes_what_is_missing_and_keeps_the_rest(
    tmp_path: Path, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = company.bridge("init", "fresh", "--json").json
    shipped = {path.name for path in (Path(__file__).parents[2] / "mappings").glob("*.yaml")}
    assert {"customer.yaml", "contact.yaml", "product.yaml", "order.yaml"} <= shipped
    assert {Path(name).name for name in said["written"]} == {"bridge.yaml", *shipped}
    mine = company.folder / "fresh" / "bridge.yaml"
    mine.write_text("mine")
    again = company.bridge("init", "fresh", "--json").json
    assert (again["written"], len(again["kept"])) == ([], len(shipped) + 1)
    assert mine.read_text() == "mine"


def test_what_init_writes_is_in_order(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.bridge("init", "fresh")
    monkeypatch.setenv("BRIDGE_CONFIG", "fresh/bridge.yaml")
    assert company.bridge("mapping", "lint", "--offline", "--json").json["ok"] is True


def test_check(company: Company) -> None:
    found = company.bridge("check", "--json").json
    assert found["ok"] is True
    assert [(row["system"], row["answers"]) for row in found["systems"]] == [("crm", "yes"), ("erp", "yes")]
    assert "Everything is in place. Next: `bridge plan`." in company.bridge("check").text


@pytest.mark.parametrize(("version", "secret"), [("18", "password"), ("19", "password"), ("19", "api_key")])
def test_check_says_that_the_name_of_the_database_may_be_wrong(company: Company, version: str, secret: str) -> None:
    """To the engine it is an outage, for a database that is being restored looks the same; a person is told more."""
    server = serve(build(version=version, password="hush", api_key="hush")).start()
    odoo = f"adapter: odoo\n    url: {server.url}\n    database: nodb\n    login: admin\n    {secret}: hush"
    company.change("bridge.yaml", "adapter: memory\n    file: erp.json", odoo)
    said = company.bridge("check", code=1).text
    server.stop()
    assert "BR-TRANSIENT: does not know the database, or is not up: is the name in `database` right" in said
    assert "If the system is up, look at its address and names in the configuration" in said
    assert "You need not do anything" not in said
    assert "nodb" not in said


def without_key_field(company: Company) -> None:
    company.change("bridge.yaml", "file: erp.json", "file: erp.json\n    objects: {Partner: {key_field: false}}")
    held = json.loads((company.folder / "erp.json").read_text())
    company.write("erp.json", json.dumps({**held, "key_fields": []}))


def test_setup_makes_the_key_field_that_check_misses(company: Company) -> None:
    without_key_field(company)
    assert "Run `bridge setup erp`." in company.bridge("check", code=1).text
    company.bridge("setup", "erp", "--dry-run")
    company.bridge("check", code=1)
    assert company.bridge("setup", "erp", "--json").json["ok"] is True
    company.bridge("check")
    assert company.bridge("setup", "erp", "--json").json["steps"][0]["state"] == "present"


def test_sync_without_the_key_field_tells_what_to_do_and_goes_on_afterwards(company: Company) -> None:
    without_key_field(company)
    said = company.bridge("sync", code=1)
    assert "BR-KEY-FIELD erp:customer: the key field is missing" in said.text
    assert "Run `bridge setup`" in said.text
    company.bridge("setup", "erp")
    company.bridge("sync")
    assert {row["name"] for row in company.rows("erp").values()} == {"Muster GmbH", "Neu AG"}


def test_setup_of_a_system_that_is_not_there(company: Company) -> None:
    said = company.bridge("setup", "erq", code=2)
    assert "there is no system 'erq' in bridge.yaml (there are: crm, erp)" in said.text
    assert "Correct the command and run it again" in said.text


def test_a_field_that_the_system_does_not_have(company: Company) -> None:
    company.change(
        "bridge.yaml", "file: erp.json", "file: erp.json\n    objects: {Partner: {fields: {name: {}, vat: {}}}}"
    )
    said = company.bridge("check", code=1)
    assert "Partner: has no field phone. Mend the mapping (`bridge mapping lint` names the line)." in said.text
    linted = company.bridge("mapping", "lint", code=1)
    assert "mappings/customer.yaml:14:" in linted.text


def test_an_object_that_the_system_does_not_have(company: Company) -> None:
    company.change("bridge.yaml", "file: erp.json", "file: erp.json\n    objects: {Supplier: {}}")
    assert "Partner: there is no such object" in company.bridge("check", code=1).text
    (found,) = company.bridge("mapping", "lint", "--json", code=1).json["findings"]
    assert (found["file"], found["line"], found["column"]) == ("mappings/customer.yaml", 5, 17)
    assert "has no object 'Partner'" in found["message"]


@pytest.mark.parametrize("words", [("chekc",), ("sync", "--jsno"), ("explain",)])
def test_wrong_usage_ends_with_2(company: Company, words: tuple[str, ...]) -> None:
    assert company.bridge(*words, code=2)


def test_init_for_named_systems(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each adapter brings along: its settings, and its column of each entity that two of them have."""
    said = company.bridge("init", "two", "--system", "shop=memory", "--system", "erp=erpnext", "--json").json
    assert {Path(name).name for name in said["written"]} == {"bridge.yaml", "customer.yaml", "product.yaml"}
    text = (company.folder / "two" / "bridge.yaml").read_text()
    assert (
        "  erp:\n    adapter: erpnext\n    url: https://erpnext.example.com\n    api_key: {env: ERP_API_KEY}\n" in text
    )
    assert "# password: {env: SHOP_PASSWORD}" in text
    monkeypatch.setenv("BRIDGE_CONFIG", "two/bridge.yaml")
    assert company.bridge("mapping", "lint", "--offline", "--json").json["ok"] is True
    assert company.bridge("init", "two", "--system", "shop=memory", "--json").json["written"] == []


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("shop", "write it as name=adapter"),
        ("shop=memori", "there is no adapter 'memori', did you mean 'memory'?"),
        ("shop=", "write it as name=adapter"),
    ],
)
def test_init_for_systems_that_are_none(company: Company, word: str, told: str) -> None:
    assert told in company.bridge("init", "none", "--system", word, code=2).text
    assert not (company.folder / "none").exists()
