"""A system that is left alone: by a person, or by bridge because its log-in is refused."""

from __future__ import annotations

from datetime import UTC, datetime

from bridge.adapters.memory import adapter as memory
from bridge.ports.errors import AdapterBroken, AuthFailed, KeyFieldMissing, PermissionDenied, Transient
from cli.conftest import Company


def test_a_paused_system_gets_no_call_and_keeps_its_work(company: Company) -> None:
    company.bridge("sync")
    assert company.bridge("outbox", "pause", "erp", "--json").json == {"ok": True, "paused": "erp"}
    company.edit("crm", "crm-1", Phone="+49302")
    company.edit("crm", "crm-1", Phone="+49303")
    said = company.bridge("sync", "--json").json
    assert "by hand" in said["paused"]["erp"]
    assert [row for row in said["systems"] if row["system"] == "erp" and row["read"]] == []
    assert company.rows("erp")["erp-1"]["phone"] == "+49301"
    assert "bridge resume erp" in company.bridge("status").text
    assert company.bridge("outbox", "resume", "erp", "--json").json["resumed"] is True
    company.bridge("sync")
    assert company.rows("erp")["erp-1"]["phone"] == "+49303"
    assert company.bridge("outbox", "resume", "erp", "--json").json["resumed"] is False


def test_check_does_not_end_what_a_person_paused(company: Company) -> None:
    company.bridge("outbox", "pause", "erp")
    assert company.bridge("check", "--json").json["resumed"] == []
    assert "erp" in company.bridge("sync", "--json").json["paused"]


def test_pause_of_an_unknown_system_names_the_known_ones(company: Company) -> None:
    said = company.bridge("outbox", "pause", "hal", code=2)
    assert "there is no system 'hal'" in said.text
    assert "crm, erp" in said.text


def test_a_refused_log_in_is_told_once_and_not_tried_again(company: Company, monkeypatch) -> None:
    asked = []

    def refuse(self, specs) -> None:
        asked.append(self.system)
        if self.system == "erp":
            raise AuthFailed("refuses the key", system="erp")

    right = memory.MemoryAdapter.open
    monkeypatch.setattr(memory.MemoryAdapter, "open", refuse)
    first = company.bridge("sync", "--json", code=1).json
    assert [trouble["code"] for trouble in first["troubles"]] == ["BR-AUTH"]
    second = company.bridge("sync", "--json", code=1).json
    assert asked.count("erp") == 1, "a system whose log-in is refused is not asked again"
    assert second["troubles"] == []
    assert "refuses the key" in second["paused"]["erp"]
    assert company.bridge("status", "--json", code=1).json["needs_a_person"] is True
    monkeypatch.setattr(memory.MemoryAdapter, "open", right)
    assert company.bridge("check", "--json").json["resumed"] == ["erp"]
    company.bridge("sync")


def test_only_a_refused_log_in_pauses() -> None:
    from bridge.engine.pausing import Pause, pauses_the_system

    assert pauses_the_system(AuthFailed("x"))
    for error in (PermissionDenied("x"), KeyFieldMissing("x"), AdapterBroken("x"), Transient("x")):
        assert not pauses_the_system(error)
    assert "2026-01-02 03:04" in str(Pause("erp", datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "erp: no"))


def test_a_paused_entity_is_neither_read_nor_written_in_any_system(company: Company) -> None:
    company.bridge("sync")
    said = company.bridge("pause", "customer", "--why", "year-end closing", "--by", "anna", "--json").json
    assert said == {"ok": True, "paused": "customer"}
    company.edit("crm", "crm-1", Phone="+49302")
    report = company.bridge("sync", "--json").json
    assert [row for row in report["systems"] if row["read"]] == []
    (row,) = report["paused_entities"]
    assert (row["name"], row["by"], row["why"]) == ("customer", "anna", "year-end closing")
    assert "customer is paused since" in company.bridge("status").text
    assert "by hand by anna, year-end closing (`bridge resume customer`)" in company.bridge("sync").text
    assert company.bridge("status", "--json").json["paused_entities"][0]["entity"] == "customer"
    assert company.rows("erp")["erp-1"]["phone"] == "+49301"
    assert company.bridge("resume", "customer", "--json").json == {"ok": True, "resumed": True, "still_paused": []}
    company.bridge("sync")
    assert company.rows("erp")["erp-1"]["phone"] == "+49302"


def test_a_systems_entity_is_left_alone_and_the_others_go_on(company: Company) -> None:
    company.bridge("sync")
    company.bridge("pause", "erp.customer")
    company.edit("crm", "crm-1", Phone="+49302")
    company.edit("erp", "erp-1", name="Typed meanwhile")
    report = company.bridge("sync", "--json").json
    read = {row["system"]: row["read"] for row in report["systems"]}
    assert read["crm"] == 1, "the other system is read"
    assert not read.get("erp")
    assert company.rows("erp")["erp-1"]["phone"] == "+49301", "and what it brings is kept"
    assert company.bridge("outbox", "list", "--json").json["entries"][0]["system"] == "erp"
    company.bridge("resume", "erp.customer")
    company.bridge("sync")
    assert company.rows("erp")["erp-1"]["phone"] == "+49302"
    assert company.rows("crm")["crm-1"]["Name"] == "Typed meanwhile", "nothing is lost"


def test_resume_tells_which_other_pause_is_still_there(company: Company) -> None:
    company.bridge("pause", "customer")
    company.bridge("pause", "erp.customer")
    company.bridge("pause", "erp")
    said = company.bridge("resume", "erp.customer", "--json").json
    assert said == {"ok": True, "resumed": True, "still_paused": ["customer", "erp"]}


def test_a_mistyped_name_gets_a_suggestion(company: Company) -> None:
    assert "did you mean 'customer'?" in company.bridge("pause", "custmer", code=2).text
    assert "did you mean 'erp.customer'?" in company.bridge("resume", "erp.custmer", code=2).text


def test_a_pause_covers_what_it_names() -> None:
    from bridge.engine.pausing import Pause, covered

    at = datetime(2026, 1, 2, tzinfo=UTC)
    places = [("crm", "order"), ("erp", "order"), ("erp", "stock")]
    for pause, want in (
        (Pause("erp", at, ""), {("erp", "order"), ("erp", "stock")}),
        (Pause("", at, "", entity="order"), {("crm", "order"), ("erp", "order")}),
        (Pause("erp", at, "", entity="order"), {("erp", "order")}),
    ):
        assert covered(places, [pause]) == want
