"""Net, tax and gross in two back offices that each work them out: equal, a cent apart, or held with both sums."""

from __future__ import annotations

import json
from typing import Any

from e2e.conftest import Site
from e2e.test_orders import begin, crm_edit, dec, fin, odoo, quiet

SUMS = """
  tax_total:  {erp: amount_tax, fin: total_taxes_and_charges, control: yes}
  gross_total: {erp: amount_total, fin: grand_total, control: yes}
  status:
"""
VAT = {"charge_type": "On Net Total", "account_head": "VAT", "description": "VAT", "rate": 19.0}


def with_taxes(site: Site, lines: dict[str, tuple[str, str]] | None = None) -> str:
    """An order of taxed products, in a company whose two back offices both work out taxes."""
    path = site.folder / "mappings" / "order.yaml"
    path.write_text(path.read_text().replace("\n  status:\n", SUMS, 1))
    order = begin(site, lines)
    for product in site.control("crm", "GET", "dump")["Product2"]:
        crm_edit(site, "Product2", product, Tax_Code__c="19%")
    return order


def held(site: Site) -> dict[str, set[str]]:
    """Field -> the sums that stand against each other."""
    told = json.loads(site.bridge("conflicts", "list", "--state", "held", "--json", code=None))["conflicts"]
    return {one["unit"]: {str(each["value"]) for each in one["proposals"]} for one in told}


def the_order(site: Site) -> dict[str, Any]:
    (row,) = fin(site, "GET", "resource/Sales Order")
    document: dict[str, Any] = fin(site, "GET", f"resource/Sales Order/{row['name']}")
    return document


def taxed_by_the_accountant(site: Site) -> None:
    site.seed("fin", [{"object": "Account", "values": {"account_name": "VAT"}}])
    fin(site, "PUT", f"resource/Sales Order/{the_order(site)['name']}", taxes=[VAT])


def states(site: Site) -> tuple[str, int]:
    (order,) = odoo(site, "sale.order", "search_read", domain=[], fields=["state"])
    return order["state"], the_order(site)["docstatus"]


def test_sums_that_differ_are_held_with_both_and_nothing_is_confirmed_on_them(site: Site) -> None:
    order = with_taxes(site)
    site.sync(code=None)
    (shown,) = odoo(
        site, "sale.order", "search_read", domain=[], fields=["amount_untaxed", "amount_tax", "amount_total"]
    )
    net, tax, gross = (dec(shown[name]) for name in ("amount_untaxed", "amount_tax", "amount_total"))
    assert (net, tax, gross) == (dec("1563.17"), dec("297"), dec("1860.17"))
    assert dec(the_order(site)["grand_total"]) == net, "ERPNext knows no tax of this order"
    assert held(site) == {"tax_total": {"297", "0"}, "gross_total": {"1860.17", "1563.17"}}
    crm_edit(site, "Order", order, Status="Activated")
    site.sync(code=None)
    assert states(site) == ("draft", 0)
    taxed_by_the_accountant(site)
    site.sync(code=None)
    assert held(site) == {}
    site.sync(code=None)
    assert states(site) == ("sale", 1)
    assert dec(the_order(site)["grand_total"]) == gross
    quiet(site)


def test_a_cent_of_rounding_is_noted_and_the_order_goes_on(site: Site) -> None:
    """Odoo rounds the tax of each line, ERPNext that of the sum: 3 x 0.02 against 0.07."""
    order = with_taxes(site, {f"SKU-{n}": ("1", "0.13") for n in (1, 2, 3)})
    site.sync(code=None)
    taxed_by_the_accountant(site)
    site.sync(code=None)
    (shown,) = odoo(site, "sale.order", "search_read", domain=[], fields=["amount_tax"])
    assert (dec(shown["amount_tax"]), dec(the_order(site)["total_taxes_and_charges"])) == (dec("0.06"), dec("0.07"))
    assert held(site) == {}
    crm_edit(site, "Order", order, Status="Activated")
    site.sync(code=None)
    site.sync(code=None)
    assert states(site) == ("sale", 1)
    told = json.loads(site.bridge("conflicts", "list", "--json", code=None))["conflicts"]
    assert {one["unit"] for one in told if one["rule"] == "rounding"} == {"tax_total", "gross_total"}
    quiet(site)


def test_booked_sums_are_carried_and_never_worked_out_again(site: Site) -> None:
    """What was sent is the price of each line; no sum was, and none changes when the price list does."""
    with_taxes(site)
    site.sync(code=None)
    taxed_by_the_accountant(site)
    site.sync(code=None)
    before = the_order(site)
    for name in site.control("fin", "GET", "dump")["Item Price"]:
        fin(site, "PUT", f"resource/Item Price/{name}", price_list_rate=1)
    site.sync(code=None)
    after = the_order(site)
    assert [row["rate"] for row in after["items"]] == [row["rate"] for row in before["items"]]
    assert after["grand_total"] == before["grand_total"]
    assert held(site) == {}
