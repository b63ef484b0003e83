"""`bridge undo`: what is shown is what is done, and what somebody touched since stays."""

from __future__ import annotations

from cli.conftest import Company


def run_of(said) -> str:
    return said.json["run"]


def test_an_edit_is_taken_back_everywhere(company: Company) -> None:
    company.bridge("sync")
    company.edit("crm", "crm-1", Phone="+49309999999")
    run = run_of(company.bridge("sync", "--json"))
    before = company.rows("erp")
    shown = company.bridge("undo", run, "--json").json
    assert [(s["unit"], s["value"], s["to"]) for s in shown["set_back"]] == [("phone", "+49309999999", "+49301")]
    assert company.rows("erp") == before, "showing writes nothing"
    done = company.bridge("undo", run, "--apply", "--json").json
    assert (done["set_back"], done["applied"], done["report"]["totals"]["writes"]) == (shown["set_back"], True, 2)
    assert company.rows("crm")["crm-1"]["Phone"] == company.rows("erp")["erp-1"]["phone"] == "+49301"
    assert company.bridge("sync", "--json").json["totals"]["writes"] == 0
    history = company.bridge("explain", "crm:customer:crm-1", "--json").json["history"]
    assert [(row["rule"], row["system"]) for row in history][:2] == [("undo", ""), ("changed", "crm")]


def test_a_record_that_the_run_made_is_deleted(company: Company) -> None:
    run = run_of(company.bridge("sync", "--json"))
    (made,) = set(company.rows("erp")) - {"erp-1"}
    shown = company.bridge("undo", run, "--json", code=1).json
    assert [(s["system"], s["native_id"]) for s in shown["delete"]] == [("erp", made)]
    said = company.bridge("undo", run, "--apply", code=1).text
    assert "would lose it" in said
    assert company.alive("erp") == {"erp-1"}
    assert company.alive("crm") == {"crm-1", "crm-2"}
    assert company.bridge("sync", "--json").json["totals"]["writes"] == 0


def test_an_edit_that_bridge_had_not_seen_stays(company: Company) -> None:
    company.bridge("sync")
    company.edit("crm", "crm-1", Phone="+49309999999")
    run = run_of(company.bridge("sync", "--json"))
    company.edit("erp", "erp-1", phone="+49308888888")
    done = company.bridge("undo", run, "--apply", "--json", code=1).json
    assert [(s["unit"], s["why"].partition(" at ")[0]) for s in done["left_alone"]] == [
        ("phone", "edited since by erp")
    ]
    assert company.rows("crm")["crm-1"]["Phone"] == "+49308888888"


def test_too_many_deletes_stop_before_anything_is_done(company: Company) -> None:
    company.change("bridge.yaml", "systems:", "sync: {max_deletes: 1}\nsystems:")
    company.fill("crm", [{"Name": f"Neu {number}", "VAT": f"DE{number}"} for number in (7, 8)])
    run = run_of(company.bridge("sync", "--json"))
    said = company.bridge("undo", run, "--apply", code=3)
    assert "sync.max_deletes" in said.text
    assert len(company.alive("erp")) == 3


def test_a_run_that_never_was_is_wrong_usage(company: Company) -> None:
    run = run_of(company.bridge("sync", "--json"))
    assert run in company.bridge("undo", "nonsense", code=2).text
    assert company.bridge("undo", "nonsense", "--json", code=2).json["ok"] is False
