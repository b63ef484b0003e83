"""What a freshly installed database holds: countries, currencies, two companies, users, technical rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.sandbox.odoo.commerce_data import install_commerce
from bridge.sandbox.odoo.countries import COUNTRIES, STATES, pairs
from bridge.sandbox.odoo.environment import ROOT, Environment
from bridge.sandbox.odoo.registry import records
from bridge.sandbox.odoo.store import Store

LIMITED_LOGIN = "limited"
_CURRENCIES = (
    ("USD", "$", "before", 0.01),
    ("EUR", "€", "after", 0.01),
    ("GBP", "£", "before", 0.01),
    ("CHF", "CHF", "after", 0.01),
    ("JPY", "¥", "before", 1.0),
    ("KWD", "KD", "after", 0.001),
)
_LANGUAGES = (("English (US)", "en_US", True), ("French / Français", "fr_FR", False), ("German", "de_DE", False))
_MODULES = (
    "account",
    "base",
    "base_automation",
    "contacts",
    "crm",
    "mail",
    "product",
    "sale_management",
    "stock",
    "web",
)
_PRECISIONS = {
    "18": ("Percentage Analytic", "Product Price", "Discount", "Stock Weight", "Volume", "Product Unit of Measure"),
    "19": ("Product Unit", "Percentage Analytic", "Product Price", "Discount", "Stock Weight", "Volume"),
}
_TAGS = ("Consulting Services", "Desk Manufacturers", "Employees", "Office Supplies", "Prospects", "Services", "Vendor")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How the administrator logs in; `limited_password` is for the user "limited", who may only handle contacts."""

    login: str
    password: str
    api_key: str
    limited_password: str


def install(store: Store, version: str, credentials: Credentials) -> None:
    """Fill an empty store, in one transaction."""
    env = Environment(store, version, ROOT, {}, su=True)
    with store.transaction():
        _install_world(env)
        _install_people(env, credentials)
        install_commerce(env, _make)
        _install_technical(env, version)


def _make(env: Environment, model: str, vals: dict[str, Any], xmlid: str = "") -> int:
    record: int = records(env, model)._create([vals])[0]
    if xmlid:
        name = {"module": "base", "name": xmlid, "model": model, "res_id": record, "noupdate": True}
        records(env, "ir.model.data")._create([name])
    return record


def _install_world(env: Environment) -> None:
    for name, code, active in _LANGUAGES:
        _make(env, "res.lang", {"name": name, "code": code, "iso_code": code, "active": active}, f"lang_{code[:2]}")
    for code, symbol, position, step in _CURRENCIES:
        _make(env, "res.currency", {"name": code, "symbol": symbol, "position": position, "rounding": step}, code)
    countries = {
        code: _make(env, "res.country", {"name": name, "code": code}, code.lower()) for code, name in pairs(COUNTRIES)
    }
    for country, states in STATES.items():
        for code, name in pairs(states):
            vals = {"name": name, "code": code, "country_id": countries[country]}
            _make(env, "res.country.state", vals, f"state_{country.lower()}_{code.lower()}")


def _install_people(env: Environment, credentials: Credentials) -> None:
    groups = {name: _make(env, "res.groups", {"name": name}, xmlid) for name, xmlid in _groups(env.version)}
    main = {"name": "My Company (San Francisco)", "is_company": True, "country_id": 233, "city": "San Francisco"}
    partner = _make(env, "res.partner", main, "main_partner")
    _make(env, "res.company", {"name": main["name"], "partner_id": partner, "currency_id": 1}, "main_company")
    field = "group_ids" if env.version == "19" else "groups_id"
    people = (
        ("OdooBot", "__system__", "root", "", False),
        ("Mitchell Admin", credentials.login, "admin", credentials.password, True),
        ("Public user", "public", "public", "", False),
        ("Portal", "portaltemplate", "portal", "", False),
        ("Limited User", LIMITED_LOGIN, "limited", credentials.limited_password, True),
    )
    for name, login, xmlid, password, active in people:
        person = {"name": name, "email": f"{xmlid}@example.com", "active": active, "tz": "Europe/Brussels"}
        vals: dict[str, Any] = {"login": login, "password": password or False, "active": active}
        vals["partner_id"] = _make(env, "res.partner", person, f"partner_{xmlid}")
        vals[field] = [[6, 0, list(groups.values()) if login == credentials.login else [groups["User"]]]]
        _make(env, "res.users", vals, f"user_{xmlid}")
    second = _make(env, "res.company", {"name": "My Company (Chicago)"})
    admin = env.search_ids("res.users", [["login", "=", credentials.login]])
    records(env, "res.users", admin)._write({"company_ids": [[4, second]]})
    for name in _TAGS:
        _make(env, "res.partner.category", {"name": name})


def _groups(version: str) -> tuple[tuple[str, str], ...]:
    top = "Role / Administrator" if version == "19" else "Settings"
    return (("User", "group_user"), (top, "group_system"), ("Contact Creation", "group_partner_manager"))


def _install_technical(env: Environment, version: str) -> None:
    for name in _PRECISIONS[version]:
        _make(env, "decimal.precision", {"name": name, "digits": 2})
    _make(env, "decimal.precision", {"name": "Payment Terms", "digits": 6})
    for key, value in (("database.uuid", "7f5c2f4e-0000-4000-8000-5a4db0f00d00"), ("web.base.url", "http://127.0.0.1")):
        _make(env, "ir.config_parameter", {"key": key, "value": value})
    for module in _MODULES:
        installed = f"{version}.0.1.0"
        vals = {"name": module, "state": "installed", "installed_version": installed, "latest_version": installed}
        _make(env, "ir.module.module", vals)
    for model in list(env.store.models.values()):
        owner = _make(env, "ir.model", {"name": model.label, "model": model.name, "order": model.order})
        for item in model.fields.values():
            described = {
                "name": item.name,
                "model": model.name,
                "model_id": owner,
                "field_description": item.label,
                "ttype": item.type,
                "relation": item.relation or False,
                "relation_field": item.inverse or False,
                "required": item.required,
                "readonly": item.readonly,
                "store": item.store,
            }
            _make(env, "ir.model.fields", described)
