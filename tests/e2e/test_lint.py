"""The shipped mappings against live systems: what the lint says of them, before anything is synced."""

from __future__ import annotations

import json

from e2e.conftest import Site


def test_the_shipped_mappings_fit_the_three_systems_without_an_error(site: Site) -> None:
    report = json.loads(site.bridge("mapping", "lint", "--json"))
    errors = [one for one in report["findings"] if one["level"] == "error"]
    assert errors == []
    assert json.loads(site.bridge("check", "--json"))["ok"] is True


def test_a_field_that_a_system_does_not_have_is_told_with_its_line(site: Site) -> None:
    path = site.folder / "mappings" / "order.yaml"
    path.write_text(path.read_text().replace("erp: client_order_ref", "erp: client_order_reff"))
    report = json.loads(site.bridge("mapping", "lint", "--json", code=1))
    (error,) = [one for one in report["findings"] if one["level"] == "error"]
    assert "sale.order of 'erp' has no field 'client_order_reff', did you mean 'client_order_ref'?" in str(error)
