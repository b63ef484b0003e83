"""`bridge migrate` over real HTTP: all six directions, killed and resumed, repeated, undone, refused."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from bridge.entrypoints.migration import stages
from e2e.conftest import Site
from e2e.test_daemon import RUN, Daemon
from e2e.test_orders import begin, fin, odoo

WAYS = [(a, b) for a in ("crm", "erp", "fin") for b in ("crm", "erp", "fin") if a != b]
NUMBER = 7
OBJECTS = {"crm": "Account", "erp": "res.partner", "fin": "Customer"}


def migrate(site: Site, *words: str, code: int | None = 0) -> list[dict[str, Any]]:
    """The events of a migration; the last one is how it ended."""
    lines = site.bridge("migrate", *words, "--json", code=code).splitlines()
    return [json.loads(line) for line in lines]


def done(events: list[dict[str, Any]], stage: str) -> dict[str, Any]:
    """What a stage found, by entity."""
    found = next(one["found"] for one in events if one["event"] == "stage done" and one["stage"] == stage)
    entities: dict[str, Any] = found["entities"]
    return entities


def fill(site: Site, system: str, number: int = NUMBER) -> None:
    """Companies and a product in one system, made by its people."""
    for n in range(number):
        name, vat = f"Firma {n:03}", f"DE{100000000 + n}"
        if system == "crm":
            values = {"Name": name, "VAT__c": vat, "BillingStreet": "Weg 1", "BillingCity": "Ulm",
                      "BillingCountryCode": "DE"}  # fmt: skip
            site.seed("crm", [{"object": "Account", "values": values}])
        elif system == "erp":
            (country,) = odoo(site, "res.country", "search", domain=[["code", "=", "DE"]])
            address = {"street": "Weg 1", "city": "Ulm", "country_id": country}
            odoo(site, "res.partner", "create", [{"name": name, "vat": vat, "is_company": True, **address}])
        else:
            fin(site, "POST", "resource/Customer", customer_name=name, tax_id=vat, customer_type="Company")
    if system == "crm":
        product = {"Name": "Widget", "ProductCode": "SKU-1", "IsActive": True, "QuantityUnitOfMeasure": "Each"}
        (made,) = site.seed("crm", [{"object": "Product2", "values": product}])
        (book,) = [i for i, row in site.control("crm", "GET", "dump")["Pricebook2"].items() if row["IsStandard"]]
        entry = {"Product2Id": made, "Pricebook2Id": book, "UnitPrice": "12.50", "IsActive": True}
        site.seed("crm", [{"object": "PricebookEntry", "values": entry}])
    elif system == "erp":
        odoo(site, "product.product", "create", [{"name": "Widget", "default_code": "SKU-1", "list_price": 12.5}])
    else:
        fin(site, "POST", "resource/Item", item_code="SKU-1", item_name="Widget", item_group="Products",
            stock_uom="Nos", standard_rate=12.5)  # fmt: skip


def names(site: Site, system: str) -> list[str]:
    """Names of the companies, in their order, doubles included."""
    rows = site.control(system, "GET", "dump").get(OBJECTS[system], {}).values()
    column = {"crm": "Name", "erp": "name", "fin": "customer_name"}[system]
    return sorted(str(row[column]) for row in rows if str(row[column]).startswith("Firma"))


def stamps(site: Site, system: str) -> Any:
    """All that a system holds."""
    return site.control(system, "GET", "dump")


@pytest.mark.parametrize(("source", "target"), WAYS)
def test_every_way_arrives_is_verified_and_writes_nothing_twice(site: Site, source: str, target: str) -> None:
    site.only("customer", "product")
    fill(site, source)
    before = stamps(site, source)
    events = migrate(site, "--from", source, "--to", target, "--yes", "--full", "--out", str(site.folder))
    assert done(events, "profile")["customer"]["records"] == NUMBER
    assert done(events, "plan")["customer"]["create"] == NUMBER
    assert done(events, "plan")["product"]["create"] == 1
    assert done(events, "load")["customer"]["create"] == NUMBER
    verified = done(events, "verify")
    assert (verified["customer"]["equal"], verified["customer"]["wrong"]) == (NUMBER, 0)
    assert verified["product"]["equal"] == 1
    totals = [one for one in verified["product"]["totals"] if one["field"] == "list_price"]
    assert [(one["source"], one["equal"]) for one in totals] == [("12.5", True)]
    assert names(site, target) == names(site, source)
    assert stamps(site, source) == before, "the source is read only"
    held = stamps(site, target)
    again = migrate(site, "--from", source, "--to", target, "--yes", "--out", str(site.folder))
    assert again[-1]["run"] != events[-1]["run"]
    assert done(again, "load")["customer"] == {"create": 0, "update": 0, "delete": 0}
    assert stamps(site, target) == held, "a second migration writes nothing"
    other = next(iter({"crm", "erp", "fin"} - {source, target}))
    assert names(site, other) == [], "nobody else is written"


def test_live_sync_afterwards_goes_on_without_a_gap(site: Site) -> None:
    site.only("customer")
    fill(site, "crm")
    migrate(site, "--from", "crm", "--to", "erp", "--yes", "--out", str(site.folder))
    report = site.sync()
    made = {row["system"]: (row["created"], row["updated"]) for row in report["systems"]}
    assert made == {"crm": (0, 0), "erp": (0, 0), "fin": (NUMBER, 0)}
    account = next(iter(site.control("crm", "GET", "dump")["Account"]))
    site.control("crm", "POST", "edit", object="Account", id=account, values={"Website": "https://neu.de"})
    again = migrate(site, "--from", "crm", "--to", "erp", "--yes", "--out", str(site.folder))
    assert done(again, "load")["customer"]["update"] == 1
    report = site.sync()
    made = {row["system"]: (row["created"], row["updated"]) for row in report["systems"]}
    assert made == {"crm": (0, 0), "erp": (0, 0), "fin": (0, 1)}, "what the migration read was noted for all"


def test_nothing_is_written_before_the_counts_are_confirmed(site: Site) -> None:
    site.only("customer")
    fill(site, "crm", 3)
    way = ("--from", "crm", "--to", "erp")
    events = migrate(site, *way, code=3)
    assert "create 3" in json.dumps(events[-1])
    events = migrate(site, *way, "--confirm", "create 4", code=3)
    assert names(site, "erp") == []
    migrate(site, *way, "--confirm", "create 3, update 0", "--out", str(site.folder))
    assert len(names(site, "erp")) == 3


def test_what_does_not_fit_into_the_calls_of_the_day_is_refused(site: Site) -> None:
    site.only("customer")
    fill(site, "crm", 60)
    config = site.folder / "bridge.yaml"
    budget = "    budget: {per_day: 40, reserve: 20%}\n    adapter: erpnext"
    config.write_text(config.read_text(encoding="utf-8").replace("    adapter: erpnext", budget), encoding="utf-8")
    events = migrate(site, "--from", "crm", "--to", "fin", "--yes", code=3)
    assert events[-1]["error"]["code"] == "BR-FORECAST"
    assert names(site, "fin") == []


def test_undo_deletes_what_nobody_has_touched_and_lists_the_rest(site: Site) -> None:
    site.only("customer", "product")
    fill(site, "crm")
    run = migrate(site, "--from", "crm", "--to", "erp", "--yes", "--out", str(site.folder))[-1]["run"]
    (touched,) = odoo(site, "res.partner", "search", domain=[["name", "=", "Firma 002"]])
    odoo(site, "res.partner", "write", [touched], vals={"phone": "+49731123456"})
    said = json.loads(site.bridge("migrate", "undo", run, "--json", code=None))
    assert len(said["delete"]) == NUMBER + 1
    assert len(names(site, "erp")) == NUMBER, "without --apply nothing is deleted"
    said = json.loads(site.bridge("migrate", "undo", run, "--apply", "--json", code=1))
    assert [row["record"] for row in said["left_alone"]] == [f"erp:customer:{touched}"]
    assert names(site, "erp") == ["Firma 002"]
    assert len(names(site, "crm")) == NUMBER
    report = site.sync()
    assert {row["system"]: row["created"] for row in report["systems"] if row["entity"] == "customer"}["erp"] == 0
    again = migrate(site, "--from", "crm", "--to", "erp", "--yes", "--out", str(site.folder))
    assert done(again, "plan")["customer"]["create"] == NUMBER - 1
    assert done(again, "load")["customer"]["create"] == NUMBER - 1
    assert len(names(site, "erp")) == NUMBER


def test_the_report_is_signed_and_every_refused_record_is_in_it(site: Site) -> None:
    site.only("customer")
    fill(site, "crm", 4)
    values = {"Name": "Firma Ohne Strasse", "BillingCity": "Ulm"}
    (bad,) = site.seed("crm", [{"object": "Account", "values": values}])
    odd = next(iter(site.control("crm", "GET", "dump")["Account"]))
    site.control("crm", "POST", "edit", object="Account", id=odd, values={"Website": "no address at all"})
    migrate(site, "--from", "crm", "--to", "fin", "--yes", "--out", str(site.folder), code=1)
    (file,) = site.folder.glob("migration-*.json")
    document = json.loads(file.read_text(encoding="utf-8"))
    (customer,) = document["entities"]
    assert (document["ok"], document["missing"], customer["load"]["create"]) == (False, 1, 4)
    named = {one["what"]: one for one in customer["verify"]["named"]}
    assert (named["missing"]["id"], named["unread"]["id"]) == (bad, odd)
    assert "BR-REJECTED" in named["missing"]["why"]
    assert "website cannot be read" in named["unread"]["why"]
    assert any(bad in one["ids"] for one in customer["profile"]["misfits"]), "it was said before"
    remembered = site.bridge("migrate", "list", "--json")
    assert bad in remembered
    site.bridge("forget", f"crm:customer:{bad}", "--apply", "--anyway")
    assert bad not in site.bridge("migrate", "list", "--json")
    page = file.with_suffix(".html")
    html = page.read_text(encoding="utf-8")
    assert "<svg" in html
    assert "http" not in html.replace("http://www.w3.org", ""), "nothing is loaded from outside"
    for good in (file, page):
        site.bridge("migrate", "report", "--check", str(good))
    file.write_text(file.read_text(encoding="utf-8").replace('"create": 4', '"create": 5'), encoding="utf-8")
    page.write_text(html.replace("<td>customer</td>", "<td>all</td>", 1), encoding="utf-8")
    for forged in (file, page):
        assert "CHANGED" in site.bridge("migrate", "report", "--check", str(forged), code=1)


def test_killed_in_the_middle_of_the_load_it_goes_on_and_doubles_nothing(site: Site) -> None:
    site.only("customer")
    config = site.folder / "bridge.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "sync: {page: 10}\n", encoding="utf-8")
    fill(site, "crm", 60)
    way = ("--from", "crm", "--to", "fin")
    for stage in ("profile", "match", "plan"):
        migrate(site, stage, *way)
    hit = 0
    for wanted in (5, 20, 40):
        process = site.start("migrate", "load", *way, "--yes", "--json")
        until = time.monotonic() + 90
        while process.poll() is None and time.monotonic() < until and len(names(site, "fin")) < wanted:
            time.sleep(0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            hit += 1
        process.communicate()
    assert hit == 3, "most loads were over before they were killed: the test proves nothing"
    assert len(names(site, "fin")) < 60
    migrate(site, "load", *way)  # confirmed already
    events = migrate(site, "--from", "crm", "--to", "fin", "--full", "--out", str(site.folder))
    verified = done(events, "verify")["customer"]
    # After a lost answer, what the target put into an empty field by itself counts as its word (here the status).
    assert (verified["equal"] + verified["decided"], verified["wrong"], verified["missing"]) == (60, 0, {})
    assert {one["why"].rpartition(" ")[2] for one in verified["named"]} <= {"status"}
    assert names(site, "fin") == names(site, "crm"), "nothing is there twice"


def test_orders_come_after_what_they_refer_to(site: Site) -> None:
    begin(site)
    words = ("--from", "crm", "--to", "erp", "--yes", "--full", "--out", str(site.folder))
    events = migrate(site, *words, code=None)
    planned, loaded, verified = (done(events, stage) for stage in ("plan", "load", "verify"))
    assert (planned["order"]["create"], loaded["order"]["create"]) == (1, 1)
    totals = {one["field"]: one for one in verified["order"]["totals"]}
    assert totals["lines[].quantity"]["source"] == totals["lines[].quantity"]["target"] == "16"
    assert totals["net_total"]["equal"]
    assert verified["order"]["wrong"] == 0


def test_many_records_go_into_salesforce_as_one_job(site: Site) -> None:
    site.only("customer")
    config = site.folder / "bridge.yaml"
    whole = config.read_text(encoding="utf-8")
    config.write_text(
        whole.replace("    adapter: salesforce", "    adapter: salesforce\n    bulk: 5"), encoding="utf-8"
    )
    fill(site, "erp", 6)
    events = migrate(site, "--from", "erp", "--to", "crm", "--yes", "--full", "--out", str(site.folder))
    assert done(events, "verify")["customer"]["equal"] == 6
    assert done(events, "profile")["customer"]["misfits"] == []
    jobs = [call["operation"] for call in site.control("crm", "GET", "calls") if call["operation"] == "create job"]
    assert len(jobs) == 1


def test_a_stage_wants_the_one_before_it_and_words_that_mean_nothing_are_told(site: Site) -> None:
    site.only("customer", "product")
    fill(site, "crm", 2)
    way = ("--from", "crm", "--to", "erp")
    assert "comes before" in migrate(site, "load", *way, "--yes", code=2)[-1]["error"]["problems"][0]
    assert "there is no mapping" in json.dumps(migrate(site, *way, "--entities", "nonsense", code=2))
    assert "same system" in json.dumps(migrate(site, "--from", "crm", "--to", "crm", code=2))
    migrate(site, "match", *way, "--entities", "customer")
    assert "no migration" in json.dumps(migrate(site, "plan", *way, "--entities", "product", code=2))
    events = migrate(site, "plan", *way)
    assert list(done(events, "plan")) == ["customer"]
    assert "`profile` comes before" not in site.bridge("migrate", "list")
    assert names(site, "erp") == []


def test_a_daemon_beside_it_gets_its_turn_and_nothing_is_doubled(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.only("customer")
    config = site.folder / "bridge.yaml"
    config.write_text(config.read_text(encoding="utf-8") + f"{RUN}\nsync: {{page: 10}}\n", encoding="utf-8")
    fill(site, "crm", 40)
    way = ("--from", "crm", "--to", "erp")
    for stage in ("profile", "match", "plan"):
        migrate(site, stage, *way)
    monkeypatch.setattr(stages, "TURN", 0.5)
    daemon = Daemon(site)
    try:
        migrate(site, "load", *way, "--yes")
        account = next(iter(site.control("crm", "GET", "dump")["Account"]))
        site.control("crm", "POST", "edit", object="Account", id=account, values={"Website": "https://neu.de"})
        until = time.monotonic() + 60
        while time.monotonic() < until:
            rows = site.control("erp", "GET", "dump")["res.partner"].values()
            if any(row["website"] == "https://neu.de" for row in rows) and len(names(site, "fin")) == 40:
                break
            time.sleep(0.5)
    finally:
        assert daemon.ends() == 0
    events = migrate(site, *way, "--full", "--out", str(site.folder))
    assert done(events, "verify")["customer"]["equal"] == 40
    assert names(site, "crm") == names(site, "erp") == names(site, "fin")
