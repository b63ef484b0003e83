"""What a person reads after a slip: where, what, what was not done, what to do; never a traceback, never a secret."""

from __future__ import annotations

import pytest

from cli.conftest import CONFIG, MAPPING, Company

SECRET = "hush-5ecret"


def refused(company: Company, *expected: str) -> str:
    """`sync` ends with 2, says all that, and changed nothing; so does it with --json."""
    before = {path: path.read_bytes() for path in company.folder.glob("*.json")}
    said = company.bridge("sync", code=2)
    for words in expected:
        assert words in said.text, said.text
    assert "Nothing was read or written." in said.text
    told = company.bridge("sync", "--json", code=2).json
    assert told["ok"] is False
    assert told["error"]["code"] == "BR-CONFIG"
    assert told["error"]["problems"]
    assert {path: path.read_bytes() for path in company.folder.glob("*.json")} == before
    return said.text


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("adapter: memory\n    file: crm", "adapter: memroy\n    file: crm", "bridge.yaml:6:14"),
        ("adapter: memory\n    file: crm", "adapter: memroy\n    file: crm", "did you mean 'memory'?"),
        ("file: crm.json", "fil: crm.json", "bridge.yaml:7:5"),
        ("store:", "stor:", "did you mean 'store'?"),
        ("systems:", "systems: {", "bridge.yaml:"),
        ("  erp:", "  crm:", "bridge.yaml:8:3"),
        ("    file: crm.json", "\tfile: crm.json", "bridge.yaml:7:1"),
        ('version: "1"', 'version: "9"', "this program reads version 1"),
        ("file: crm.json", "file: crm.json\n    password: {env: BRIDGE_TEST_NOT_SET}", "BRIDGE_TEST_NOT_SET"),
        ("mappings: mappings", "mappings: maps", "maps"),
    ],
)
def test_configuration(company: Company, old: str, new: str, expected: str) -> None:
    company.change("bridge.yaml", old, new)
    refused(company, expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("phone:  {", "phon:  {", ("customer.yaml:14:3", "did you mean 'phone'?")),
        ("erp: phone}", "erp: phone, transform: lowr}", ("customer.yaml:14:", "did you mean 'lower'?")),
        ("erp: phone}", "sap: phone}", ("customer.yaml:14:", "sap")),
        ("erp: phone}", "erp: phone, direktion: both}", ("customer.yaml:14:", "did you mean 'direction'?")),
        ("conflict: newest", "conflict: newst", ("customer.yaml:10:", "did you mean 'newest'?")),
        ("erp: phone}", "erp: phone", ("customer.yaml:1",)),
        ("  phone:  {", "  name:  {", ("customer.yaml:14:3",)),
        ("entity: customer", "entity: custommer", ("customer.yaml:2:9",)),
        ("required: yes", "required: maybe", ("customer.yaml:12:",)),
    ],
)
def test_mapping(company: Company, old: str, new: str, expected: tuple[str, ...]) -> None:
    company.change("mappings/customer.yaml", old, new)
    refused(company, *expected)
    company.bridge("mapping", "lint", "--json", code=1)


def test_all_mistakes_at_once(company: Company) -> None:
    company.change("mappings/customer.yaml", "phone:  {", "phon:  {")
    company.change("mappings/customer.yaml", "conflict: ask", "conflict: aks")
    refused(company, "customer.yaml:14:3", "did you mean 'phone'?", "customer.yaml:15:", "did you mean 'ask'?")


def test_an_empty_file(company: Company) -> None:
    company.write("mappings/customer.yaml", "")
    refused(company, "customer.yaml:1:1")
    company.write("bridge.yaml", "")
    refused(company, "bridge.yaml:1:1")


@pytest.mark.parametrize("name", ["bridge.yaml", "mappings/customer.yaml"])
def test_a_file_in_another_encoding(company: Company, name: str) -> None:
    text = (CONFIG if name == "bridge.yaml" else MAPPING) + "# Käufer\n"
    company.write(name, text.encode("latin-1"))
    refused(company, name, "UTF-8")


def test_no_configuration(company: Company) -> None:
    (company.folder / "bridge.yaml").unlink()
    said = company.bridge("sync", code=2).text
    assert "there is no bridge.yaml here; `bridge init` writes one, or name one with --config" in said
    assert "no such file" in company.bridge("sync", "--config", "other.yaml", code=2).text


def test_a_store_that_is_no_database(company: Company) -> None:
    company.write("bridge.db", "this is no database, but a note that somebody left here " * 20)
    said = company.bridge("sync", code=None)
    assert said.code in (1, 2)
    assert "bridge.db" in said.text
    assert "unexpected" not in said.text


def test_a_folder_that_cannot_be_written(company: Company) -> None:
    company.change("bridge.yaml", "sqlite:///bridge.db", "sqlite:////proc/nowhere/bridge.db")
    said = company.bridge("sync", code=None)
    assert said.code in (1, 2)
    assert "unexpected" not in said.text


def test_a_store_address_that_is_none(company: Company) -> None:
    company.change("bridge.yaml", "sqlite:///bridge.db", f"mysqll://bridge:{SECRET}@db/bridge")
    said = company.bridge("sync", code=2)
    assert SECRET not in said.text
    assert "bridge.yaml:2:" in said.text


def test_a_secret_is_never_told(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", SECRET)
    company.change("bridge.yaml", "file: crm.json", "file: crm.json\n    password: {env: CRM_SECRET}\n    colour: red")
    assert SECRET not in refused(company, "colour")


def test_a_secret_written_into_the_file_is_not_repeated(company: Company) -> None:
    company.change("bridge.yaml", "file: crm.json", f"file: crm.json\n    pasword: {SECRET}")
    assert SECRET not in refused(company, "pasword")


def test_a_system_whose_file_is_broken(company: Company) -> None:
    company.write("crm.json", "{")
    refused(company, "crm.json")
