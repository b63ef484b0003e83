"""What single doctypes add to the life of their documents: names, computed fields, what follows from a save."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.sandbox.erpnext.collation import collate
from bridge.sandbox.erpnext.errors import thrown
from bridge.sandbox.erpnext.site import Site

Doc = dict[str, Any]
AUTH = "__auth"
"""Where the secrets of users lie, out of reach of every query."""


class Controller:
    """A doctype that adds nothing."""

    def autoname(self, site: Site, doc: Doc) -> str:
        """The name of a new document, empty to go by the doctype's own rule."""
        return ""

    def prepare(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """What is looked at before the links are."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Compute fields and check, before the general checks."""

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """What follows from the save elsewhere."""

    def renamed(self, site: Site, old: str, new: str) -> Mapping[str, Any]:
        """Columns that follow from another name."""
        return {}


class Customer(Controller):
    """Named by its customer_name or a series, as Selling Settings say; Address and Contact belong to it."""

    def autoname(self, site: Site, doc: Doc) -> str:
        """A second one of a name gets a number, and the user is told."""
        if site.setting("Selling Settings", "cust_master_name") != "Customer Name":
            return ""
        name = str(doc.get("customer_name") or "")
        if not name.strip() or not site.exists("Customer", name):
            return name
        end = collate(f"{name} - ")
        taken = [str(row["name"]) for row in site.tables.all("Customer")]
        tails = [each.rpartition(" ")[2] for each in taken if end in collate(each)]
        number = max((int(tail) for tail in tails if tail.isdigit()), default=0) + 1
        made = f"{name} - {number}"
        site.tell(f"Changed customer name to '{made}' as '{name}' already exists.", "Note", indicator="yellow")
        return made

    def renamed(self, site: Site, old: str, new: str) -> Mapping[str, Any]:
        """Where customers are named by their customer_name, that follows."""
        by_name = site.setting("Selling Settings", "cust_master_name") == "Customer Name"
        return {"customer_name": new} if by_name else {}


def _only_first_of_equal_links(doc: Doc) -> None:
    seen: set[tuple[str, str]] = set()
    kept = []
    for row in doc.get("links") or ():
        pair = (str(row.get("link_doctype")), str(row.get("link_name")))
        if pair not in seen:
            seen.add(pair)
            kept.append(row)
    for idx, row in enumerate(kept, 1):
        row["idx"] = idx
    doc["links"] = kept


def _title_links(site: Site, doc: Doc) -> None:
    for row in doc.get("links") or ():
        if row.get("link_title"):
            continue
        doctype = str(row.get("link_doctype") or "")
        title = site.meta(doctype).head.title_field if doctype in site.catalogue else ""
        row["link_title"] = site.value(doctype, row.get("link_name"), title or "name") or row.get("link_name")


class Address(Controller):
    """Named "<title>-<type>"; the title is that of the first link if none is given."""

    def autoname(self, site: Site, doc: Doc) -> str:
        """A second one of the name gets a number."""
        if not doc.get("address_title") and doc.get("links"):
            doc["address_title"] = doc["links"][0].get("link_name")
        if not doc.get("address_title"):
            raise thrown("ValidationError", "Address Title is mandatory.")
        name = f"{str(doc['address_title']).strip()}-{str(doc.get('address_type') or '').strip()}"
        return site.numbered("Address", name)

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Links get their titles, each once."""
        _title_links(site, doc)
        _only_first_of_equal_links(doc)

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Customers whose primary address this is show its text, and their stamp moves."""
        if before is None:
            return
        for row in list(site.tables.all("Customer")):
            if row.get("customer_primary_address") == doc["name"]:
                moved = {"primary_address": display(doc), "modified": site.now(), "modified_by": site.user}
                site.tables.put("Customer", {**row, **moved})


def display(doc: Doc) -> str:
    """An address as text, by the template of a site without its own."""
    keys = ("address_line1", "address_line2", "city", "state", "pincode", "country")
    lines = [str(doc[key]) for key in keys if doc.get(key)]
    lines += [f"Phone: {doc['phone']}"] if doc.get("phone") else []
    lines += [f"Email: {doc['email_id']}"] if doc.get("email_id") else []
    return "".join(f"{line}<br>\n" for line in lines)


class Contact(Controller):
    """Named "<full name>-<first link>"; e-mail and phones of the document are those of its primary rows."""

    def autoname(self, site: Site, doc: Doc) -> str:
        """A second one of the name gets a number."""
        name = self._full_name(doc)
        if doc.get("links"):
            name = f"{name}-{str(doc['links'][0].get('link_name') or '').strip()}"
        return site.numbered("Contact", name) if name else ""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Full name, primary e-mail, primary phones."""
        doc["full_name"] = self._full_name(doc)
        doc["email_id"] = self._primary(doc.get("email_ids") or [], "is_primary", "email_id", "Email ID")
        phones = doc.get("phone_nos") or []
        doc["phone"] = self._primary(phones, "is_primary_phone", "phone", "Phone")
        doc["mobile_no"] = self._primary(phones, "is_primary_mobile_no", "phone", "Mobile No")
        _title_links(site, doc)
        if doc["email_id"] and not doc.get("image"):
            doc["image"] = ""  # nobody has an avatar where there is no internet
        _only_first_of_equal_links(doc)

    def _full_name(self, doc: Doc) -> str:
        parts = (doc.get("first_name"), doc.get("middle_name"), doc.get("last_name"))
        return " ".join(str(part) for part in parts if part) or str(doc.get("company_name") or "")

    def _primary(self, rows: Sequence[Doc], flag: str, column: str, label: str) -> str:
        chosen = [row for row in rows if row.get(flag)]
        if len(chosen) > 1:
            raise thrown("ValidationError", f"Only one <strong>{label}</strong> can be set as primary.")
        return str(chosen[0].get(column) or "").strip() if chosen else ""


class CustomField(Controller):
    """Named "<doctype>-<fieldname>"; the column is there at once."""

    def autoname(self, site: Site, doc: Doc) -> str:
        """The fieldname is made of the label if it is not given."""
        if not doc.get("fieldname"):
            label = str(doc.get("label") or "")
            if not label:
                raise thrown("ValidationError", "Label is mandatory")
            doc["fieldname"] = "custom_" + re.sub(r"\W", "", re.sub(r"[\s/-]+", "_", label.lower().strip()))
        doc["fieldname"] = re.sub(r"\W", "_", str(doc["fieldname"]).lower())
        return f"{doc.get('dt')}-{doc['fieldname']}"

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Raises ValidationError if the doctype has a field of the name."""
        meta = site.catalogue.of(str(doc["dt"])) if doc.get("dt") in site.catalogue else None
        if meta is not None and before is None and doc["fieldname"] in meta.column_names | set(meta.by_name):
            text = f"A field with the name <strong>{doc['fieldname']}</strong> already exists in {doc['dt']}"
            raise thrown("ValidationError", text)
        doc["label"] = doc.get("label") or str(doc["fieldname"]).replace("_", " ").title()
        doc["precision"] = doc.get("precision") or ""
        if meta is not None and before is None:
            names = [each.name for each in meta.fields]
            after = doc.get("insert_after")
            doc["insert_after"] = after if after in names else names[-1]
            doc["idx"] = names.index(str(doc["insert_after"])) + 2 if after in names else len(names) + 1

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """The doctype has the field from now on."""
        refresh_customs(site, str(doc["dt"]))


def refresh_customs(site: Site, doctype: str) -> None:
    """Read the custom fields of a doctype anew from their rows."""
    rows = sorted(
        (row for row in site.tables.all("Custom Field") if row["dt"] == doctype), key=lambda row: str(row["creation"])
    )
    site.catalogue.customise(doctype, [{k: v for k, v in row.items() if v is not None} for row in rows])


class User(Controller):
    """Named by the e-mail address, in lower case."""

    def autoname(self, site: Site, doc: Doc) -> str:
        """The built-in users are the only ones with another name."""
        return str(doc.get("email") or "").strip().lower()

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """The full name is made of the parts."""
        parts = (doc.get("first_name"), doc.get("middle_name"), doc.get("last_name"))
        doc["full_name"] = " ".join(str(part) for part in parts if part)
        keys = {"api_secret": doc.get("api_secret"), "password": doc.get("new_password")}
        given = {key: value for key, value in keys.items() if value and set(str(value)) != {"*"}}
        if given:
            kept = site.tables.get(AUTH, doc["name"]) or {"name": doc["name"]}
            site.tables.put(AUTH, {**kept, **given})
        doc["api_secret"] = "*" * 10 if keys["api_secret"] else None
        doc["new_password"] = None


_CONTROLLERS: dict[str, Controller] = {
    "Customer": Customer(),
    "Address": Address(),
    "Contact": Contact(),
    "Custom Field": CustomField(),
    "User": User(),
}
_PLAIN = Controller()


def register(more: Mapping[str, Controller]) -> None:
    """Add the controllers of further doctypes."""
    _CONTROLLERS.update(more)


def controller(doctype: str) -> Controller:
    """What a doctype adds."""
    return _CONTROLLERS.get(doctype, _PLAIN)
