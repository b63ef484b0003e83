"""`bridge plan` and `bridge sync`: what is announced is what is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import pytest
from filelock import FileLock

from cli.conftest import Company

FIGURES = {
    "read",
    "unchanged",
    "linked",
    "created",
    "updated",
    "deleted",
    "conflicts",
    "held",
    "failed",
    "api_calls",
    "seconds",
}


CONTACTS = """\
version: "1"
entity: contact
systems: {crm: {object: Contact}, erp: {object: Person}, fin: {object: Person}}
identity:
  key: {crm: bridge_id, erp: bridge_id, fin: bridge_id}
  match: [{same: [email]}]
defaults: {direction: both, conflict: newest}
fields:
  customer: {crm: AccountId, erp: partner, fin: client, ref: record customer, required: yes}
  email: {crm: Email, erp: mail, fin: mail}
"""


def test_the_plan_is_the_writes(company: Company) -> None:
    before = {system: company.rows(system) for system in ("crm", "erp")}
    plan = company.bridge("plan", "--json").json
    assert {system: company.rows(system) for system in ("crm", "erp")} == before, "a plan writes nothing"
    report = company.bridge("sync", "--json").json
    planned = Counter((write["system"], write["op"]) for write in plan["writes"])
    done = Counter(
        {
            (row["system"], op): row[figure]
            for row in report["systems"]
            for op, figure in (("create", "created"), ("update", "updated"))
            if row[figure]
        }
    )
    assert planned == done == {("crm", "update"): 1, ("erp", "create"): 1}
    for write in plan["writes"]:
        rows = company.rows(write["system"])
        found = rows[write["native_id"]] if write["op"] == "update" else rows["erp-2"]
        assert {path: found.get(path) for path in write["after"]} == write["after"]


def test_the_plan_is_the_writes_also_where_records_refer_to_others(company: Company) -> None:
    """Three systems, two entities: what a create is given from its parent is planned too."""
    three_systems(company)
    plan = company.bridge("plan", "--json").json
    assert not (company.folder / "fin.json").exists()
    report = company.bridge("sync", "--json").json
    planned = Counter((write["system"], write["entity"], write["op"]) for write in plan["writes"])
    done = {
        (row["system"], row["entity"], op): row[figure]
        for row in report["systems"]
        for op, figure in (("create", "created"), ("update", "updated"), ("delete", "deleted"))
        if row[figure]
    }
    assert planned == done
    assert planned["fin", "customer", "create"] == 2
    assert planned["fin", "contact", "create"] == planned["erp", "contact", "create"] == 1
    assert report["totals"]["writes"] == len(plan["writes"])
    (person,) = company.rows("fin", "Person").values()
    (customer,) = (i for i, values in company.rows("fin", "Client").items() if values["vat"] == "DE1")
    assert person == {"client": customer, "mail": "ada@example.com"}
    assert company.bridge("sync", "--json").json["totals"]["writes"] == 0
    only = company.bridge("sync", "--entity", "customer", "--json").json
    assert {row["entity"] for row in only["systems"]} == {"customer"}


def three_systems(company: Company) -> None:
    company.change("bridge.yaml", "  erp:\n", "  fin: {adapter: memory, file: fin.json}\n  erp:\n")
    for old, new in (
        ("{object: Partner}", "{object: Partner}\n  fin: {object: Client}"),
        ("erp: bridge_id}", "erp: bridge_id, fin: bridge_id}"),
        ("erp: name,", "erp: name, fin: name,"),
        ("erp: vat}", "erp: vat, fin: vat}"),
    ):
        company.change("mappings/customer.yaml", old, new)
    company.write("mappings/contact.yaml", CONTACTS)
    company.add("crm", "Contact", {"AccountId": "crm-1", "Email": "ada@example.com"})


def test_the_figures_of_a_run(company: Company) -> None:
    first = company.bridge("sync", "--json").json
    assert first["ok"] is True
    assert all(set(row) >= FIGURES | {"system", "entity"} for row in first["systems"])
    assert first["totals"]["writes"] == 2
    assert first["outbox"] == {}
    second = company.bridge("sync", "--json").json
    assert (second["totals"]["writes"], second["totals"]["enqueued"], second["totals"]["conflicts"]) == (0, 0, 0)
    third = company.bridge("sync", "--json").json
    assert sum(row["read"] for row in third["systems"]) == sum(row["unchanged"] for row in third["systems"])


def test_an_edit_travels_and_the_loser_is_kept(company: Company) -> None:
    company.bridge("sync")
    company.edit("crm", "crm-1", Name="Muster SE")
    company.edit("erp", "erp-1", phone="+49302")
    company.bridge("sync")
    assert company.rows("erp")["erp-1"]["name"] == "Muster SE"
    assert company.rows("crm")["crm-1"]["Phone"] == "+49302"
    company.edit("crm", "crm-1", Phone="+49303")
    company.edit("erp", "erp-1", phone="+49304")
    assert company.bridge("sync", "--json").json["totals"]["conflicts"] == 1
    assert company.rows("crm")["crm-1"]["Phone"] == company.rows("erp")["erp-1"]["phone"]
    (conflict,) = company.bridge("conflicts", "list", "--json").json["conflicts"]
    assert {word["value"] for word in conflict["proposals"]} == {"+49303", "+49304"}


def test_the_plan_for_people(company: Company) -> None:
    said = company.bridge("plan").text
    assert "create erp:customer:" in said
    assert "name: Neu AG" in said
    assert "2 writes; 0 fields would wait for a person" in said
    company.bridge("sync")
    assert "nothing to write" in company.bridge("plan").text


def test_an_entity_that_is_not_mapped(company: Company) -> None:
    said = company.bridge("sync", "--entity", "customers", code=2)
    assert "there is no mapping of customers (there are: customer)" in said.text


def test_only_one_run_at_a_time(company: Company) -> None:
    company.bridge("sync")
    company.edit("crm", "crm-1", Name="Muster SE")
    with FileLock(str(company.folder / "bridge.db.lock")):
        said = company.bridge("sync", code=1)
        assert "BR-BUSY another bridge run is using this store" in said.text
        assert "Nothing was read or written." in said.text
        assert company.bridge("sync", "--json", code=1).json["error"]["code"] == "BR-BUSY"
        assert company.rows("erp")["erp-1"]["name"] == "Muster GmbH"
        company.bridge("status", code=None)  # looking is allowed
    company.bridge("sync")
    assert company.rows("erp")["erp-1"]["name"] == "Muster SE"


def test_only_one_run_at_a_time_however_the_store_is_written(company: Company) -> None:
    company.change("bridge.yaml", "sqlite:///bridge.db", "sqlite+pysqlite:///bridge.db?timeout=5")
    with FileLock(str(company.folder / "bridge.db.lock")):
        assert "BR-BUSY" in company.bridge("sync", code=1).text


def test_a_process_of_its_own_speaks_pure_json(company: Company) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "sync", "--json"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("{")


def test_ctrl_c_is_no_traceback(company: Company) -> None:
    for attempt in range(5):  # on a busy machine it may have come to its end before it is told
        company.fill("crm", [{"Name": f"Nr {n}", "VAT": f"X{n}"} for n in range(attempt * 300, attempt * 300 + 300)])
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "sync"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        while not (company.folder / "bridge.db").exists():
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert b"Traceback" not in err
        if process.returncode != 0:
            break
    assert process.returncode == 130
    assert b"nothing is lost" in err
    report = company.bridge("sync", "--json").json
    assert report["ok"] is True
    assert len(company.rows("erp")) == 301 + attempt * 300


@pytest.mark.parametrize("words", [("explain", "--json"), ("sync", "--json", "--jsno"), ("snyc", "--json")])
def test_wrong_usage_is_a_document_too(company: Company, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *words], capture_output=True, text=True, timeout=60, check=False
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"], told["error"]["code"]) == (2, False, "BR-USAGE")
    assert told["error"]["problems"][0]
    assert done.stderr == ""
