"""What a person reads after a slip: where, what, what was not done, what to do; never a traceback, never a secret."""

from __future__ import annotations

import json
import subprocess
import sys

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
        ("file: crm.json", "file: crm.json\n    password: {env: BRIDGE_TEST_NOT_SET}", "bridge.yaml:8:15"),
        ("file: crm.json", "file: crm.json\n    password: {file: gone.txt}", "the file gone.txt cannot be read"),
        ("sqlite:///bridge.db", "{env: BRIDGE_TEST_NOT_SET}", "bridge.yaml:2:14"),
        ("file: crm.json", "file: crm.json\n    quirks: {trims: maybe}", "bridge.yaml:8:14"),
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
        ("  name:   {", "\tname:   {", ("customer.yaml:12:1",)),
        ("  erp: {object: Partner}", "  sap: {object: KNA1}", ("customer.yaml:5:3", "it is not in the configuration")),
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


def test_all_mistakes_of_the_configuration_at_once(company: Company) -> None:
    company.change("bridge.yaml", "file: crm.json", "fil: crm.json")
    company.change("bridge.yaml", "file: erp.json", "file: erp.json\n    password: {env: BRIDGE_TEST_NOT_SET}")
    refused(company, "bridge.yaml:7:5", "bridge.yaml:11:15")
    company.change("bridge.yaml", "systems:", "sync: {tolerance: soon, pages: 3}\nsystems:")
    company.change("bridge.yaml", "store:", "stor:")
    refused(company, "bridge.yaml:2:1", "bridge.yaml:4:19", "bridge.yaml:4:25", "did you mean 'page'?")


def test_own_fields_that_cannot_be(company: Company) -> None:
    own = "custom_fields: {customer: {x_rank: colour, rank: text}}\nsystems:"
    company.change("bridge.yaml", "systems:", own)
    refused(company, "bridge.yaml:4:36", "unknown type 'colour'", "bridge.yaml:4:50", "begins with x_")


def test_a_mistake_is_told_once(company: Company) -> None:
    company.change("mappings/customer.yaml", "erp: phone}", "erp: phone, transform: lowr}")
    (problem,) = company.bridge("sync", "--json", code=2).json["error"]["problems"]
    assert "unknown transform 'lowr', did you mean 'lower'?" in problem


def test_an_empty_file(company: Company) -> None:
    company.write("mappings/customer.yaml", "")
    refused(company, "customer.yaml:1:1")
    company.write("bridge.yaml", "")
    refused(company, "bridge.yaml:1:1")


@pytest.mark.parametrize(("name", "text"), [("bridge.yaml", CONFIG), ("mappings/customer.yaml", MAPPING)])
def test_a_file_in_another_encoding(company: Company, name: str, text: str) -> None:
    company.write(name, f"{text}# Käufer\n".encode("latin-1"))
    refused(company, f"{name}:{len(text.splitlines()) + 1}:4", "UTF-8")


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
    refused(company, "crm.json:1:2")
    company.write("crm.json", "[]")
    refused(company, "crm.json")


def test_words_in_brackets_are_no_markup(company: Company) -> None:
    """What a file or a system says is printed as it is."""
    company.change("mappings/customer.yaml", "phone:  {", '"[/red]":  {')
    refused(company, "unknown field '[/red]'")
    company.write("mappings/customer.yaml", MAPPING)
    company.change("crm.json", "crm-1", "[/red]")
    assert "update crm:customer:[/red]" in company.bridge("plan").text
    company.bridge("sync")
    assert "crm:customer:[/red]" in company.bridge("links", "list").text
    assert "[/red]" in company.bridge("explain", "erp:customer:erp-1").text
    assert "crm:customer:[/b]." in company.bridge("explain", "crm:customer:[/b]", code=1).text


@pytest.mark.parametrize(
    "words",
    [
        ("init", "crm.json"),
        ("mapping", "schema", "--write", "crm.json/schema.json"),
        ("mapping", "export", "customer", "gone/customer.csv"),
    ],
)
def test_a_place_that_cannot_be_written(company: Company, words: tuple[str, ...]) -> None:
    said = company.bridge(*words, code=2)
    assert words[-1] in said.text
    assert "cannot be written" in said.text
    assert "The file was not written." in said.text


def test_a_process_of_its_own_speaks_pure_json_also_then(company: Company) -> None:
    company.change("bridge.yaml", "store:", "stor:")
    command = [sys.executable, "-m", "bridge", "sync", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout)["error"]["code"] == "BR-CONFIG"


def test_what_went_wrong_stands_on_standard_error_line_by_line(company: Company) -> None:
    company.change("bridge.yaml", "store:", "stor:")
    said = company.bridge("sync", code=2)
    assert said.out == ""
    assert said.err == (
        "BR-CONFIG bridge.yaml:2:1 stor: unknown entry, did you mean 'store'?\n"
        "Nothing was read or written. Mend the lines named and run the command again.\n"
    )
