"""A small mapping for tests, and how to change a line of it."""

from __future__ import annotations

from pathlib import Path

from bridge.mapping.compiled import EntityMap
from bridge.mapping.load import check_mappings, parse_mapping
from bridge.mapping.source import Finding

SYSTEMS = {"crm": "memory", "erp": "memory", "fin": "memory"}
SHIPPED = Path(__file__).resolve().parents[2] / "mappings"

TEXT = """\
version: "1"
entity: customer
systems:
  crm: {object: Account, where: "Type = 'Customer'"}
  erp: {object: res.partner, country: DE}
  fin: {object: Customer}
identity:
  key: {crm: Bridge_Id__c, erp: external id, fin: custom_bridge_id}
  match:
    - same: [tax_id]
fields:
  name: {crm: Name, erp: name, fin: customer_name, required: yes}
  email: {crm: Email__c, erp: email}
  tax_id: {crm: VAT__c, erp: vat, fin: tax_id, conflict: prefer fin > erp}
  parent: {crm: ParentId, erp: parent_id, ref: record customer}
  credit_limit: {crm: Credit__c, fin: credit, direction: from fin}
  status:
    crm: Status__c
    fin: disabled
    values: {active: {crm: Active, fin: "0"}, blocked: {crm: [On Hold, Blocked], fin: "1"}}
    conflict: ask
groups:
  billing_address:
    street: {crm: BillingStreet, erp: street+street2, transform: join_lines}
    city: {crm: BillingCity, erp: city}
    country: {crm: BillingCountryCode, erp: country_id, ref: {erp: country.iso2}}
"""


def changed(*swaps: tuple[str, str], text: str = TEXT) -> str:
    """The text with some of its lines changed; each must be there."""
    for old, new in swaps:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def findings(text: str, **options: object) -> list[Finding]:
    return parse_mapping(text, "mappings/customer.yaml", SYSTEMS, **options)[1]  # type: ignore[arg-type]


def compiled(text: str = TEXT, **options: object) -> EntityMap:
    emap, found = parse_mapping(text, "mappings/customer.yaml", SYSTEMS, **options)  # type: ignore[arg-type]
    assert emap is not None, [str(one) for one in found]
    return emap


def shipped() -> dict[str, EntityMap]:
    loaded = check_mappings(SHIPPED, {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"})
    assert not loaded.findings, [str(one) for one in loaded.findings]
    return loaded.maps
