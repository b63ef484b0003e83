"""What a site has before anybody works with it: settings, users, roles, countries and other small tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pycountry

from bridge.sandbox.erpnext import checks, documents
from bridge.sandbox.erpnext.controllers import AUTH
from bridge.sandbox.erpnext.site import Site

CLERK = "clerk@erpnext.example"
"""The person who works in the system's own screens."""

_NAMES = {
    "BO": "Bolivia, Plurinational State of",
    "CZ": "Czech Republic",
    "GB": "United Kingdom",
    "IR": "Iran",
    "KR": "Korea, Republic of",
    "TR": "Turkey",
    "TW": "Taiwan",
    "VN": "Vietnam",
}
"""Where ERPNext's name of a country is not that of ISO 3166."""
_ROLES = (
    "System Manager",
    "Sales User",
    "Sales Manager",
    "Sales Master Manager",
    "Stock User",
    "Stock Manager",
    "Accounts User",
)
_SMALL: dict[str, tuple[str, ...]] = {
    "Gender": ("Male", "Female", "Other", "Transgender", "Genderqueer", "Non-Conforming", "Prefer not to say"),
    "Salutation": ("Mr", "Ms", "Mx", "Dr", "Mrs", "Madam", "Miss", "Master", "Prof"),
    "UOM": ("Unit", "Box", "Nos", "Pair", "Set", "Meter", "Kg", "Gram", "Litre", "Hour", "Day"),
    "Role": _ROLES,
    "Industry Type": ("Automotive", "Banking", "Chemical", "Electronics", "Retail", "Software", "Telecommunications"),
    "Market Segment": ("Lower Income", "Middle Income", "Upper Income"),
    "Currency": ("EUR", "USD", "GBP", "CHF", "PLN", "SEK", "DKK", "JPY", "KWD"),
}
_LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "it": "Italiano", "nl": "Nederlands"}
_TREES = {
    "Customer Group": ("All Customer Groups", ("Commercial", "Individual", "Government", "Non Profit")),
    "Territory": ("All Territories", ("Germany", "Rest Of The World")),
}


def furnish(site: Site, time_zone: str) -> None:
    """Fill an empty site."""
    site.user = "Administrator"
    _single(site, "System Settings", {**_SYSTEM, "time_zone": time_zone})
    _single(site, "Selling Settings", _SELLING)
    _single(site, "Stock Settings", {})
    for doctype, values in _rows():
        _put(site, doctype, values)
    for name, mail in (("Administrator", "admin@example.com"), ("Guest", "guest@example.com"), (CLERK, CLERK)):
        _put(site, "User", {"name": name, "email": mail, "first_name": name.partition("@")[0], "full_name": name})
    grant(site, CLERK, ("System Manager", "Sales Manager"))
    site.tables.begin()


def grant(site: Site, user: str, roles: tuple[str, ...]) -> None:
    """Give a user roles beside those it has."""
    held = site.tables.children("Has Role", "User", user)
    for number, role in enumerate(roles, len(held) + 1):
        row = {"role": role, "idx": number, "parent": user, "parenttype": "User", "parentfield": "roles"}
        _put(site, "Has Role", {"name": site.hash(), **row})


def give_key(site: Site, user: str, api_key: str, api_secret: str) -> None:
    """Give a user the key and secret of a token; a user that is not there is made, as System Manager."""
    row = site.tables.get("User", user)
    if row is None:
        _put(site, "User", {"name": user, "email": user, "first_name": user.partition("@")[0], "full_name": user})
        grant(site, user, ("System Manager",))
        row = site.tables.get("User", user) or {}
    site.tables.put("User", {**row, "api_key": api_key, "api_secret": "*" * 10})
    site.tables.put(AUTH, {**(site.tables.get(AUTH, user) or {"name": user}), "api_secret": api_secret})


def _put(site: Site, doctype: str, values: Mapping[str, Any]) -> None:
    meta = site.meta(doctype)
    name = values.get("name")
    doc = documents.new(site, doctype, {key: value for key, value in values.items() if key != "name"})
    stamp = site.now()
    doc.update({"owner": "Administrator", "creation": stamp, "modified": stamp, "modified_by": "Administrator"})
    doc.update({"name": name or doc[meta.head.autoname.removeprefix("field:")], "docstatus": 0})
    doc["idx"] = values.get("idx") or 0
    checks.complete(doc, meta)
    site.tables.put(doctype, site.columns(meta, {**doc, **values, "name": doc["name"]}))


def _single(site: Site, doctype: str, values: Mapping[str, Any]) -> None:
    meta = site.meta(doctype)
    doc: dict[str, Any] = {each.name: each.default for each in meta.columns}
    doc.update({"name": doctype, "owner": "Administrator", "modified_by": "Administrator", "docstatus": 0, **values})
    checks.cast(doc, meta)
    checks.complete(doc, meta)
    site.tables.put(doctype, site.columns(meta, doc))
    site.tables.put(doctype, {**(site.tables.get(doctype, doctype) or {}), "modified": site.now(), "idx": "0"})


def _rows() -> Iterator[tuple[str, dict[str, Any]]]:
    for country in pycountry.countries:
        name = _NAMES.get(country.alpha_2) or getattr(country, "common_name", None) or country.name
        yield "Country", {"country_name": name, "code": country.alpha_2.lower()}
    for doctype, names in _SMALL.items():
        for name in names:
            yield doctype, {"name": name, **dict.fromkeys(_NAMED_BY.get(doctype, ()), name)}
    for code, name in _LANGUAGES.items():
        yield "Language", {"language_code": code, "language_name": name}
    for doctype, (root, names) in _TREES.items():
        named, parent = f"{doctype.lower().replace(' ', '_')}_name", f"parent_{doctype.lower().replace(' ', '_')}"
        yield doctype, {named: root, "is_group": 1}
        for name in names:
            yield doctype, {named: name, parent: root, "is_group": 0}
    yield "Company", {"company_name": "Acme", "abbr": "AC", "default_currency": "EUR", "country": "Germany"}
    yield "Price List", {"price_list_name": "Standard Selling", "currency": "EUR", "selling": 1}
    yield "Price List", {"price_list_name": "Standard Buying", "currency": "EUR", "buying": 1}
    yield "Item Group", {"item_group_name": "All Item Groups", "is_group": 1}
    for name in ("Products", "Services", "Raw Material"):
        yield "Item Group", {"item_group_name": name, "parent_item_group": "All Item Groups"}
    yield "Account", {"account_name": "Umsatzsteuer 19 % - AC"}
    whole = {"warehouse_name": "All Warehouses", "is_group": 1, "company": "Acme", "name": "All Warehouses - AC"}
    yield "Warehouse", whole
    for name in ("Stores", "Finished Goods", "Work In Progress"):
        place = {"warehouse_name": name, "company": "Acme", "parent_warehouse": "All Warehouses - AC"}
        yield "Warehouse", {**place, "name": f"{name} - AC"}


_NAMED_BY = {
    "Gender": ("gender",),
    "Salutation": ("salutation",),
    "UOM": ("uom_name",),
    "Role": ("role_name",),
    "Industry Type": ("industry",),
    "Market Segment": ("market_segment",),
    "Currency": ("currency_name",),
}
_SYSTEM = {
    "country": "Germany",
    "language": "en",
    "setup_complete": 1,
    "date_format": "dd.mm.yyyy",
    "number_format": "#.###,##",
    "float_precision": "3",
    "rounding_method": "Banker's Rounding",
    "allow_error_traceback": 1,
}
_SELLING = {
    "selling_price_list": "Standard Selling",
    "so_required": "No",
    "dn_required": "No",
    "sales_update_frequency": "Each Transaction",
    "allow_multiple_items": 1,
    "allow_against_multiple_purchase_orders": 1,
}
