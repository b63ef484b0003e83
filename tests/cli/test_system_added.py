"""A system that joins later: it is read in full and matched before anything is made in it."""

from __future__ import annotations

import json

import pytest

from cli.conftest import Company


@pytest.fixture
def grown(company: Company) -> Company:
    """Five customers in two systems, and a third system that knows three of them and three others."""
    company.fill("crm", [{"Name": f"Firm {n}", "VAT": f"DE{n}"} for n in range(1, 6)])
    company.fill("erp", [{"name": "Firm One", "vat": "DE1"}])
    company.bridge("sync")
    company.change(
        "bridge.yaml", "    file: erp.json\n", "    file: erp.json\n  fin:\n    adapter: memory\n    file: fin.json\n"
    )
    for old, new in {
        "{object: Partner}": "{object: Partner}\n  fin: {object: Customer}",
        "erp: bridge_id}": "erp: bridge_id, fin: bridge_id}",
        "erp: name,": "erp: name, fin: customer_name,",
        "erp: vat}": "erp: vat, fin: tax}",
    }.items():
        company.change("mappings/customer.yaml", old, new)
    rows = [
        {
            "id": f"fin-{n}",
            "at": "2026-03-01T00:00:00+00:00",
            "number": n,
            "values": {"customer_name": f"Firm {n}", "tax": f"DE{n}"},
        }
        for n in range(3, 9)
    ]
    company.write("fin.json", json.dumps({"writes": 8, "key_fields": ["Customer"], "objects": {"Customer": rows}}))
    return company


def in_fin(company: Company) -> dict[str, str]:
    return {str(row["tax"]): str(row.get("customer_name")) for row in company.rows("fin", "Customer").values()}


def test_whom_it_knows_is_met_and_nobody_is_there_twice(grown: Company) -> None:
    grown.bridge("sync")
    assert sorted(row["VAT"] for row in grown.rows("crm").values()) == [f"DE{n}" for n in range(1, 9)]
    assert sorted(row["vat"] for row in grown.rows("erp").values()) == [f"DE{n}" for n in range(1, 9)]
    assert sorted(in_fin(grown)) == [f"DE{n}" for n in range(2, 9)]
    assert grown.bridge("sync", "--json").json["totals"]["writes"] == 0


def test_nobody_is_made_without_the_name_that_a_person_is_asked_for(grown: Company) -> None:
    """Two systems call him otherwise. What a system does not take a record without is not left out."""
    assert "1 held" in grown.bridge("sync").text
    assert "waits for a person to decide name (`bridge conflicts list`)" in grown.bridge("outbox", "list").text
    (held,) = grown.bridge("conflicts", "list", "--state", "held", "--json").json["conflicts"]
    grown.bridge("conflicts", "resolve", held["id"], "--take", "erp")
    grown.bridge("sync")
    assert in_fin(grown)["DE1"] == "Firm One"
    assert {row["Name"] for row in grown.rows("crm").values() if row["VAT"] == "DE1"} == {"Firm One"}
    assert "held" not in grown.bridge("sync").text
