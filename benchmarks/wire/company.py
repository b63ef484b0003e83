"""Two systems of customers, and what happens to them from step to step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CONFIGURATION = """\
version: "1"
store: {store}
mappings: mappings
sync: {{page: {page}, guards: {{most_changed: 100%}}}}
systems:
  crm:
    adapter: salesforce
    instance_url: {crm}
    grant: client_credentials
    client_id: bridge-client-id
    client_secret: bridge-client-secret
  erp:
    adapter: odoo
    url: {erp}
    database: acme
    login: admin
    password: admin
"""
MAPPING = """\
version: "1"
entity: customer
systems:
  crm: {object: Account}
  erp: {object: res.partner, where: "is_company = true and ref is set"}
identity:
  key: {crm: Bridge_Id__c, erp: external id}
  match:
    - same: [tax_id]
defaults: {direction: both, conflict: newest}
fields:
  name:     {crm: Name, erp: name, required: yes}
  number:   {crm: AccountNumber, erp: ref}
  tax_id:   {crm: VAT__c, erp: vat}
  email:    {crm: Email__c, erp: email}
  phone:    {crm: Phone, erp: phone}
  website:  {crm: Website, erp: website}
  notes:    {crm: Description, erp: comment, transform: {erp: html_text}}
groups:
  billing_address:
    street:   {crm: BillingStreet, erp: street+street2, transform: join_lines}
    city:     {crm: BillingCity, erp: city}
    postcode: {crm: BillingPostalCode, erp: zip}
"""
VENDORS = {"crm": "salesforce", "erp": "odoo"}
AT_ONCE = 2_000
OBJECTS = {"crm": "Account", "erp": "res.partner"}

Control = Callable[..., Any]
"""control(system, method, path, **json): the control plane of a sandbox."""


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of work. before: what users do, given the control plane and the ids of the records by system.

    replay: the cursors are taken back, so that everything is read once more.
    """

    name: str
    title: str
    before: Callable[[Control, Mapping[str, list[str]]], None]
    replay: bool = False


def _nothing(control: Control, ids: Mapping[str, list[str]]) -> None:
    pass


def _website(share: int, word: str) -> Callable[[Control, Mapping[str, list[str]]], None]:
    """Every `share`-th customer gets another website, in the CRM's own screen."""

    def edit(control: Control, ids: Mapping[str, list[str]]) -> None:
        for number, native_id in enumerate(ids["crm"][::share]):
            values = {"Website": f"https://www.{word}{number}.example"}
            control("crm", "POST", "edit", object="Account", id=native_id, values=values)

    return edit


def _new(control: Control, ids: Mapping[str, list[str]]) -> None:
    """As many customers as there are come in, in the CRM."""
    known = len(ids["crm"])
    for start in range(known, 2 * known, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, 2 * known))
        control(
            "crm", "POST", "seed", records=[{"object": OBJECTS["crm"], "values": customer("crm", n)} for n in numbers]
        )


STEPS = (
    Step("first", "first sync, linked, nothing to write", _nothing),
    Step("quiet", "cycle with nothing changed", _nothing),
    Step("replay", "every page replayed, nothing changed", _nothing, replay=True),
    Step("some", "1 % changed in one field, written to the other system", _website(100, "some")),
    Step("all", "all changed in one field, written to the other system", _website(1, "all")),
    Step("made", "as many new ones in one system, made in the other", _new),
)


def customer(system: str, number: int) -> dict[str, Any]:
    """One customer, the same in both systems."""
    name, mail, phone = f"Customer {number} GmbH", f"info@customer{number}.example", f"+49 30 {1_000_000 + number}"
    site, vat = f"https://www.customer{number}.example", f"DE{100_000_000 + number}"
    street, city, postcode = f"Hauptstraße {number}", "Berlin", f"{10_000 + number % 4000}"
    if system == "crm":
        return {
            "Name": name, "AccountNumber": f"C{number}", "VAT__c": vat, "Email__c": mail, "Phone": phone,
            "Website": site, "Description": f"Note {number}", "BillingStreet": street, "BillingCity": city,
            "BillingPostalCode": postcode,
        }  # fmt: skip
    return {
        "name": name, "ref": f"C{number}", "vat": vat, "email": mail, "phone": phone, "website": site,
        "comment": f"<p>Note {number}</p>", "street": street, "city": city, "zip": postcode, "is_company": True,
    }  # fmt: skip
