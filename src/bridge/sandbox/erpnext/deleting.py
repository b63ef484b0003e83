"""Deleting a document: what keeps it, what goes with it, the copy in Deleted Document, getting it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from bridge.sandbox.erpnext import permissions
from bridge.sandbox.erpnext.checks import Doc
from bridge.sandbox.erpnext.collation import collate
from bridge.sandbox.erpnext.controllers import refresh_customs
from bridge.sandbox.erpnext.documents import load, shown
from bridge.sandbox.erpnext.errors import Refusal, missing, thrown
from bridge.sandbox.erpnext.journal import log, set_column
from bridge.sandbox.erpnext.site import Site

_UNLINKED = frozenset({"Comment", "Version", "Tag Link", "Deleted Document", "Property Setter"})
"""Doctypes whose rows do not keep what they name."""
_OWNED = ("Contact", "Address")


def delete(site: Site, doctype: str, name: Any) -> None:
    """Delete a document. Raises DoesNotExistError without a word, PermissionError, LinkExistsError."""
    meta = site.meta(doctype)
    row = site.tables.get(doctype, name)
    if row is None:
        raise Refusal("DoesNotExistError")
    permissions.require_delete(site, doctype, str(row["name"]))
    doc = load(site, doctype, row["name"])
    if doc.get("docstatus") == 1:
        raise thrown(
            "ValidationError", f"{doctype} {_anchor(doctype, doc['name'])}: Submitted Record cannot be deleted."
        )
    if doctype == "Customer":
        _release(site, doc)
    for other, holder in _holders(site, doctype, str(row["name"])):
        text = (
            f"Cannot delete or cancel because {doctype} {_anchor(doctype, doc['name'])} is linked with {other} "
            f"{_anchor(other, holder)} "
        )
        if site.meta(doctype).by_name.get("disabled"):
            noted = thrown("LinkExistsError", text).messages
            text = f"You can disable this {doctype} instead of deleting it."  # 310
            raise Refusal("LinkExistsError", text, [*noted, *thrown("LinkExistsError", text).messages])
        raise thrown("LinkExistsError", text)
    remove(site, doc)
    if doctype == "Custom Field":
        refresh_customs(site, str(doc["dt"]))
    if meta.head.autoname == "naming_series:":
        site.give_back(doctype, str(row["name"]))


def remove(site: Site, doc: Doc) -> None:
    """Take a document and its rows away and keep its copy."""
    meta = site.meta(str(doc["doctype"]))
    for table in meta.tables:
        for child in site.tables.children(table.options, meta.name, doc["name"]):
            site.tables.remove(table.options, child["name"])
    site.tables.remove(meta.name, doc["name"])
    for row in [each for each in site.tables.all("Tag Link") if _names(each, "document_type", "document_name", doc)]:
        site.tables.remove("Tag Link", row["name"])
    for row in [
        each for each in site.tables.all("Comment") if _names(each, "reference_doctype", "reference_name", doc)
    ]:
        site.tables.remove("Comment", row["name"])
    if meta.name in ("Deleted Document", "Version", "Comment"):
        return
    copy = json.dumps(shown(doc, nulls=True), indent=1, sort_keys=True, separators=(",", ": "), ensure_ascii=False)
    log(site, "Deleted Document", {"deleted_doctype": meta.name, "deleted_name": doc["name"], "data": copy})


def restore(site: Site, name: Any) -> None:
    """Bring a deleted document back under its name, with a new creation. Raises DoesNotExistError."""
    row = site.tables.get("Deleted Document", name)
    if row is None:
        raise missing("Deleted Document", name)
    permissions.require_write(site, "Deleted Document", "write")
    if row.get("restored"):
        raise thrown("ValidationError", f"Document {name} Already Restored")
    doc = json.loads(str(row["data"]))
    doctype = str(doc["doctype"])
    if site.exists(doctype, doc["name"]):
        raise thrown("ValidationError", f"{doctype} {doc['name']} already exists")
    meta = site.meta(doctype)
    stamp = site.now()
    fresh = {"owner": site.user, "creation": stamp, "modified": stamp, "modified_by": site.user}
    site.tables.put(doctype, site.columns(meta, {**doc, **fresh}))
    for table in meta.tables:
        for child in doc.get(table.name) or ():
            site.tables.put(table.options, site.columns(site.meta(table.options), {**child, **fresh}))
    set_column(site, "Deleted Document", name, {"restored": 1, "new_name": doc["name"]}, stamp=False)
    site.tell("Document Restored")


def _names(row: Doc, kind: str, name: str, doc: Doc) -> bool:
    return bool(row.get(kind) == doc["doctype"] and row.get(name) == doc["name"])


def _holders(site: Site, doctype: str, name: str) -> Iterator[tuple[str, str]]:
    """Documents that name this one, by plain links, then by dynamic ones."""
    key = collate(name)
    for meta, field in site.catalogue.pointing(doctype):
        if meta.name in _UNLINKED or meta.head.issingle:
            continue
        for row in site.tables.all(meta.name):
            value = row.get(field.name)
            if value is None or collate(str(value)) != key:
                continue
            if meta.head.istable:
                yield str(row["parenttype"]), str(row["parent"])
            elif not (meta.name == doctype and row["name"] == name):
                yield meta.name, str(row["name"])
    for row in site.tables.all("Dynamic Link"):
        if row["link_doctype"] == doctype and collate(str(row["link_name"])) == key:
            yield str(row["parenttype"]), str(row["parent"])


def _release(site: Site, doc: Doc) -> None:
    """Addresses and contacts that belong to the customer alone go with it; others lose their link to it."""
    cleared = {"customer_primary_address": None, "customer_primary_contact": None}
    set_column(site, "Customer", doc["name"], cleared)
    doc.update(cleared)
    mine = [
        row
        for row in site.tables.all("Dynamic Link")
        if row["link_doctype"] == "Customer" and collate(str(row["link_name"])) == collate(str(doc["name"]))
    ]
    for owned in _OWNED:
        for row in [each for each in mine if each["parenttype"] == owned]:
            if len(site.tables.children("Dynamic Link", owned, row["parent"])) == 1:
                remove(site, load(site, owned, row["parent"]))
            else:
                site.tables.remove("Dynamic Link", row["name"])
                set_column(site, owned, row["parent"], {})


def _anchor(doctype: str, name: Any) -> str:
    return f'<a href="/app/Form/{doctype}/{escape(str(name))}">{escape(str(name))}</a>'
