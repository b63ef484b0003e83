"""`bridge mapping`: the files an analyst works with."""

from __future__ import annotations

import json

from cli.conftest import Company


def test_lint(company: Company) -> None:
    assert company.bridge("mapping", "lint", "--json").json == {"ok": True, "findings": [], "systems": []}
    assert "1 mappings are in order" in company.bridge("mapping", "lint").text


def test_warnings_alone_pass_and_the_last_line_says_so(company: Company) -> None:
    fields = "{name: {}, vat: {}, phone: {}, comment: {type: html}}"
    company.change("bridge.yaml", "file: erp.json", f"file: erp.json\n    objects: {{Partner: {{fields: {fields}}}}}")
    found = company.bridge("mapping", "lint", "--json").json
    assert found["ok"] is True
    assert {finding["level"] for finding in found["findings"]} == {"warning"}
    assert "1 warnings above; nothing stands in the way." in company.bridge("mapping", "lint").text


def test_schema(company: Company) -> None:
    schema = company.bridge("mapping", "schema", "--json").json
    assert company.bridge("mapping", "schema").json == schema
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"entity", "systems", "fields"} <= set(schema["properties"])
    company.bridge("mapping", "schema", "--write", "schema.json")
    assert json.loads((company.folder / "schema.json").read_text()) == schema


def test_show(company: Company) -> None:
    said = company.bridge("mapping", "show").text
    assert "tax_id tax id VAT vat both newest" in " ".join(said.split())
    rows = company.bridge("mapping", "show", "customer", "--json").json["mappings"]["customer"]
    assert [row["field"] for row in rows] == ["name", "tax_id", "phone", "notes"]
    assert (
        "there is no mapping of order (there are: customer)" in company.bridge("mapping", "show", "order", code=2).text
    )


def test_a_sheet_goes_out_and_comes_back(company: Company) -> None:
    company.bridge("mapping", "export", "customer", "customer.csv")
    assert company.bridge("mapping", "export", "customer", "customer.csv", "--json").json["written"] == "customer.csv"
    assert company.bridge("mapping", "import", "customer", "customer.csv").text == "Nothing differs."
    sheet = company.folder / "customer.csv"
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace("Phone", "MobilePhone"), encoding="utf-8-sig")
    assert "changed fields.phone.crm" in company.bridge("mapping", "import", "customer", "customer.csv").text
    assert "MobilePhone" not in (company.folder / "mappings/customer.yaml").read_text()
    company.bridge("mapping", "import", "customer", "customer.csv", "--write")
    assert "MobilePhone" in (company.folder / "mappings/customer.yaml").read_text()
    assert "cannot be read" in company.bridge("mapping", "import", "customer", "gone.csv", code=2).text
