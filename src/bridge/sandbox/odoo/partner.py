"""res.partner: names, the commercial entity, and how addresses and commercial fields move between company and contacts.

18 and 19 differ: on both a contact takes the address of its company; on 19 a changed address or tax number of such a
contact is also written up to the company.
"""

from __future__ import annotations

import re
from typing import Any

from bridge.sandbox.odoo.environment import COMPUTED, Environment
from bridge.sandbox.odoo.importing import Importing
from bridge.sandbox.odoo.reading import model_method, named_as
from bridge.sandbox.odoo.store import Row

ADDRESS = ("street", "street2", "zip", "city", "state_id", "country_id")
COMMERCIAL = ("vat", "company_registry", "industry_id")
_SYNCED_UP = ("vat",)
_NAME_AND_EMAIL = re.compile(r"^\s*(.*?)\s*<\s*([^<>@\s]+@[^<>\s]+)\s*>\s*$")
_EMAIL = re.compile(r"[^<>\s,;]+@[^<>\s,;]+")
_NAMING = frozenset({"name", "parent_id", "is_company", "type", "company_name"})


@named_as("ResPartner")
class ResPartner(Importing):
    """A person, a company or an address of one."""

    @model_method
    def create(self, vals_list: Any) -> Any:
        """Make contacts."""
        return super().create(vals_list)

    def write(self, vals: Any) -> bool:
        """Change contacts."""
        return super().write(vals)

    @model_method
    def name_create(self, name: str) -> Any:
        """Make a contact of "Name <address>"."""
        matched = _NAME_AND_EMAIL.match(name)
        vals = {"name": matched[1] or matched[2], "email": matched[2]} if matched else {"name": name}
        record = self.create(vals)
        return [record, self._env.display_name("res.partner", record)]

    def address_get(self, adr_pref: Any = None) -> dict[str, Any]:
        """The contact to use for each type of address: the company's child of that type, or the contact itself."""
        table = self._env.store.tables["res.partner"]
        found: dict[str, Any] = {}
        wanted = {*(adr_pref or ()), "contact"}
        for record in self._existing():
            root = table[record]["commercial_partner_id"] or record
            for start in dict.fromkeys((record, root)):
                for below in (start, *sorted(self._env.descendants("res.partner", [start]) - {start})):
                    if table[below]["active"] and table[below]["type"] in wanted:
                        found.setdefault(table[below]["type"], below)
        default = found.get("contact", self._ids[0] if self._ids else False)
        return {kind: found.get(kind, default) for kind in sorted(wanted)}

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        if "company_type" in vals:
            vals["is_company"] = vals.pop("company_type") == "company"
        website = vals.get("website")
        if isinstance(website, str) and website and "://" not in website:
            vals["website"] = f"http://{website}"
        if vals.get("parent_id"):
            vals["company_name"] = False
        if creating:
            vals.setdefault("lang", self._env.context.get("lang") or "en_US")
            parent = self._env.store.get("res.partner", vals.get("parent_id") or 0)
            if parent and "user_id" not in vals and not vals.get("is_company"):
                vals["user_id"] = parent["user_id"] or False
        return vals

    def _created(self, ids: list[int], vals_list: list[dict[str, Any]]) -> None:
        for record, vals in zip(ids, vals_list, strict=True):
            self._env.store.update("res.partner", record, {"partner_share": True})
            self._compute(record)
            self._sync(record, vals)
            self._first_contact(record)

    def _written(self, ids: list[int], vals: dict[str, Any]) -> None:
        for record in ids:
            self._compute(record)
            self._sync(record, vals)

    def _unlink(self) -> None:
        store = self._env.store
        children = [item for item in store.where("res.partner", "parent_id", self._ids) if item not in self._ids]
        super()._unlink()
        for child in children:
            self._compute(child)

    def _row(self, record: int) -> Row:
        return self._env.store.tables["res.partner"][record]

    def _other_partner(self, record: int) -> Any:
        return self._other("res.partner", [record])

    def _compute(self, record: int) -> None:
        """Bring the computed columns up to date, and those of the children: that stamps the children too."""
        row = self._row(record)
        parent = self._env.store.get("res.partner", row["parent_id"] or 0)
        own = row["is_company"] or parent is None or row["parent_id"] == record
        commercial = record if own else parent["commercial_partner_id"] if parent else record
        company = row if commercial == record else self._row(commercial)
        values = {
            "commercial_partner_id": commercial,
            "commercial_company_name": company["name"] if company["is_company"] else row["company_name"],
            "email_normalized": _normalized(row["email"]),
            "phone_sanitized": _sanitized(row["phone"]),
        }
        values["complete_name"] = self._complete_name({**row, **values}, parent)
        changed = {name: value for name, value in values.items() if row[name] != value}
        if not changed:
            return
        stamp = {"write_date": self._env.store.stamp, "write_uid": self._env.uid}
        self._env.store.update("res.partner", record, {**changed, **stamp})
        for child in self._env.store.where("res.partner", "parent_id", [record]):
            if child != record:
                self._compute(child)

    def _complete_name(self, row: Row, parent: Row | None) -> str:
        name = row["name"] or ""
        if not row["company_name"] and parent is None:
            return name.strip()
        if not name and row["type"] in ("invoice", "delivery", "other"):
            name = dict(self._model.fields["type"].selection or ())[row["type"]]
        if not row["is_company"]:
            above = row["commercial_company_name"] or (parent["name"] if parent else "") or ""
            name = f"{above}, {name}"
        return str(name).strip()

    def _sync(self, record: int, vals: dict[str, Any]) -> None:
        """Move address and commercial fields: from the company, on 19 up to the company, and down to the contacts."""
        row = self._row(record)
        parent_id = row["parent_id"]
        if parent_id and parent_id != record and (vals.get("parent_id") or vals.get("type") == "contact"):
            self._from_above(record, parent_id, bool(vals.get("parent_id")))
        if self._env.version == "19" and parent_id and parent_id != record:
            self._to_above(record, parent_id, vals)
        self._to_below(record, vals)

    def _from_above(self, record: int, parent_id: int, moved: bool) -> None:
        row, values = self._row(record), {}
        if moved and row["commercial_partner_id"] != record:
            company = self._row(row["commercial_partner_id"])
            values = {name: company[name] for name in COMMERCIAL}
        if row["type"] == "contact":
            address = {name: self._row(parent_id)[name] for name in ADDRESS}
            if any(address.values()):
                values |= address
        self._assign(record, values)

    def _to_above(self, record: int, parent_id: int, vals: dict[str, Any]) -> None:
        row, parent = self._row(record), self._row(parent_id)
        values: dict[str, Any] = {}
        if row["type"] == "contact" and (vals.keys() & {*ADDRESS, "parent_id"}):
            values = {name: row[name] for name in ADDRESS}
        if row["commercial_partner_id"] != record and (vals.keys() & {*_SYNCED_UP, "parent_id"}):
            values |= {name: row[name] for name in _SYNCED_UP}
        if any(parent[name] != value for name, value in values.items()):
            self._other_partner(parent_id)._write({name: value or False for name, value in values.items()})

    def _to_below(self, record: int, vals: dict[str, Any]) -> None:
        row = self._row(record)
        children = self._env.store.where("res.partner", "parent_id", [record])
        if not children:
            return
        commercial = vals.keys() & set(COMMERCIAL)
        address = vals.keys() & set(ADDRESS)
        for child in children:
            if child == record:
                continue
            below = self._row(child)
            if commercial and row["commercial_partner_id"] == record and not below["is_company"]:
                self._assign(child, {name: row[name] for name in commercial})
            if address and below["type"] == "contact":
                self._assign(child, {name: row[name] for name in address})

    def _assign(self, record: int, values: dict[str, Any]) -> None:
        """Write what differs, without going back up."""
        row = self._row(record)
        changed = {name: value for name, value in values.items() if row[name] != value}
        if changed:
            stamp = {"write_date": self._env.store.stamp, "write_uid": self._env.uid}
            self._env.store.update("res.partner", record, {**changed, **stamp})
            self._to_below(record, changed)

    def _first_contact(self, record: int) -> None:
        """The address of the first contact of a company without an address is taken for the company's."""
        row = self._row(record)
        parent_id = row["parent_id"]
        if not parent_id or parent_id == record:
            return
        parent = self._row(parent_id)
        alone = self._env.store.where("res.partner", "parent_id", [parent_id]) == [record]
        address = {name: row[name] for name in ADDRESS}
        homeless = not any(parent[name] for name in ADDRESS)
        if alone and homeless and (parent["is_company"] or not parent["parent_id"]) and any(address.values()):
            self._assign(parent_id, address)


def _normalized(email: Any) -> str | None:
    found = _EMAIL.findall(email) if email else []
    return found[0].lower() if len(found) == 1 else None


def _sanitized(phone: Any) -> str | None:
    digits = re.sub(r"\D", "", phone) if phone else ""
    return f"+{digits}" if digits and str(phone).strip().startswith("+") else None


def _address_text(env: Environment, record: int, row: Row) -> str:
    country = env.display_name("res.country", row["country_id"]) if row["country_id"] else ""
    state = env.store.get("res.country.state", row["state_id"] or 0)
    company = row["commercial_company_name"] if row["commercial_partner_id"] != record else ""
    town = " ".join(part for part in (row["city"], state["code"] if state else "", row["zip"]) if part)
    return "\n".join((company or "", row["street"] or "", row["street2"] or "", town, country)).lstrip("\n")


def _country_code(env: Environment, record: int, row: Row) -> Any:
    return env.path("res.partner", record, "country_id.code")


def _email_formatted(env: Environment, record: int, row: Row) -> Any:
    return f'"{row["name"]}" <{row["email"]}>' if row["email"] else None


COMPUTED.update(
    {
        ("res.partner", "company_type"): lambda env, record, row: "company" if row["is_company"] else "person",
        ("res.partner", "contact_address"): _address_text,
        ("res.partner", "contact_address_inline"): lambda env, record, row: ", ".join(
            part for part in _address_text(env, record, row).split("\n") if part
        ),
        ("res.partner", "country_code"): _country_code,
        ("res.partner", "email_formatted"): _email_formatted,
        ("res.partner", "parent_name"): lambda env, record, row: env.path("res.partner", record, "parent_id.name"),
        ("res.partner", "self"): lambda env, record, row: record,
        ("res.partner", "currency_id"): lambda env, record, row: 1,
        ("res.partner", "vat_label"): lambda env, record, row: "Tax ID",
        ("res.partner", "im_status"): lambda env, record, row: "im_partner",
        ("res.partner", "tz_offset"): lambda env, record, row: "+0000",
        ("res.partner.category", "partner_ids"): lambda env, record, row: tuple(
            other for other, held in env.store.tables["res.partner"].items() if record in held["category_id"]
        ),
    }
)
