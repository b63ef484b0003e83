"""What can be called by name under /api/method: frappe.client and the few others that integrations use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.erpnext import described, desk, permissions, tagging
from bridge.sandbox.erpnext.arguments import Args, mapping, structure
from bridge.sandbox.erpnext.checks import Doc
from bridge.sandbox.erpnext.deleting import delete, restore
from bridge.sandbox.erpnext.documents import change, insert, load, new, read, save, shown, update
from bridge.sandbox.erpnext.errors import Refusal, missing, thrown
from bridge.sandbox.erpnext.filters import decoded
from bridge.sandbox.erpnext.fulfilling import made_from
from bridge.sandbox.erpnext.query import Query
from bridge.sandbox.erpnext.renaming import rename
from bridge.sandbox.erpnext.selling import refresh
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.erpnext.submitting import update_items

VERSION = "15.44.2"
MOST_INSERTS = 200
_WRITE = frozenset({"POST", "PUT"})
_ANY = frozenset({"GET", "POST", "PUT", "DELETE"})


Function = Callable[[Site, Args], Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A function that may be called, by which verbs, and whether by people who are not logged in."""

    function: Function
    verbs: frozenset[str] = _ANY
    guest: bool = False


def call(site: Site, name: str, args: Args, verb: str) -> Any:
    """Call a method. Raises ValidationError for an unknown one, PermissionError for one that is not allowed."""
    method = METHODS.get(name)
    if method is None:
        module = name.rpartition(".")[0]
        why = f"No module named '{module}'" if module else "App not installed"
        raise thrown("ValidationError", f"Failed to get method for command {name} with {why}")
    if site.user == "Guest" and not method.guest:
        text = (
            "<details><summary>You are not permitted to access this resource.</summary>"
            f"Function <strong>{name}</strong> is not whitelisted.</details>"
        )
        raise thrown("PermissionError", text, "Method Not Allowed")
    if verb not in method.verbs:
        raise thrown("PermissionError", "Not permitted")
    return method.function(site, args)


def _get_list(site: Site, args: Args) -> Any:
    doctype = str(args["doctype"])
    site.meta(doctype)
    permissions.require_list(site, doctype, args.get("parent"))
    rows = Query(site, doctype, args).rows()
    return [list(row.values()) for row in rows] if str(args.get("as_dict", "1")).lower() in ("0", "false") else rows


def _get_count(site: Site, args: Args) -> Any:
    doctype = str(args["doctype"])
    site.meta(doctype)
    permissions.require_list(site, doctype, args.get("parent"))
    return Query(site, doctype, {"filters": args.get("filters")}).count()


def _get(site: Site, args: Args) -> Any:
    doctype = str(args["doctype"])
    meta = site.meta(doctype)
    filters = args.get("filters")
    if isinstance(filters, str) and filters:
        filters = decoded(filters)
    name = args.get("name") or (doctype if meta.head.issingle else None)
    if not name:
        rows = Query(site, doctype, {"filters": filters, "limit_page_length": 1}).rows()
        if not rows:
            raise missing(doctype, filters)
        name = rows[0]["name"]
    doc = read(site, doctype, name)
    permissions.require_read(site, doctype)
    return shown(doc, nulls=True)


def _get_value(site: Site, args: Args) -> Any:
    doctype = str(args["doctype"])
    meta = site.meta(doctype)
    permissions.require_list(site, doctype, args.get("parent"))
    fields = structure(args["fieldname"])
    fields = fields if isinstance(fields, list) else [fields]
    if meta.head.issingle:
        row = site.tables.get(doctype, doctype) or {}
        return {name: _text(row.get(name)) for name in sorted(fields) if name in meta.by_name}
    filters = structure(args.get("filters"))
    if isinstance(filters, str) and filters:
        filters = {"name": filters}
    asked = {"fields": fields, "filters": filters, "limit_page_length": 1, "order_by": "modified desc"}
    rows = Query(site, doctype, asked).rows()
    return rows[0] if rows else {}


def _get_single_value(site: Site, args: Args) -> Any:
    doctype = str(args["doctype"])
    site.meta(doctype)
    permissions.require_list(site, doctype)
    return site.setting(doctype, str(args["field"]))


def _set_value(site: Site, args: Args) -> Any:
    fields = args["fieldname"]
    values = structure(fields)
    if not isinstance(values, dict):
        values = {str(fields): args.get("value")}
    return shown(change(site, str(args["doctype"]), args["name"], values), nulls=True)


def insert_one(site: Site, given: Any) -> Doc:
    """Insert a document, or, if it names its parent, a row into that. Raises as `documents.insert`."""
    values = Args(mapping(given))
    doctype = str(values["doctype"])
    if site.meta(doctype).head.istable:
        parent = load(site, str(values["parenttype"]), values["parent"])
        field = str(values["parentfield"])
        update(site, parent, {field: [*parent[field], dict(values)]})
        return save(site, parent, original=parent["modified"])
    return insert(site, new(site, doctype, values))


def _insert(site: Site, args: Args) -> Any:
    return shown(insert_one(site, mapping(args["doc"])), nulls=True)


def _insert_many(site: Site, args: Args) -> Any:
    docs = structure(args["docs"])
    if len(docs) > MOST_INSERTS:
        raise thrown("ValidationError", f"Only {MOST_INSERTS} inserts allowed in one request")
    return [insert_one(site, doc)["name"] for doc in docs]


def _save(site: Site, args: Args) -> Any:
    given = Args(mapping(args["doc"]))
    doctype = str(given["doctype"])
    doc = new(site, doctype, {})
    stored = site.tables.get(doctype, given.get("name"))
    doc.update({"name": given.get("name"), "creation": stored["creation"] if stored else None, "idx": 0})
    doc.update({"owner": stored["owner"] if stored else None, "docstatus": 0})
    update(site, doc, given)
    return shown(save(site, doc, original=given.get("modified")), nulls=True)


def _bulk_update(site: Site, args: Args) -> Any:
    """One after the other; one that fails is told, and what it had written so far stays (there is no savepoint)."""
    docs = args["docs"]
    if not isinstance(docs, str):
        kind = type(docs).__name__
        raise Refusal("TypeError", f"the JSON object must be str, bytes or bytearray, not {kind}")
    failed = []
    for given in decoded(docs):
        values = {key: value for key, value in given.items() if key not in ("doctype", "docname", "name")}
        try:
            change(site, str(given["doctype"]), given.get("docname"), values)
        except Refusal as refusal:
            site.messages += refusal.messages
            failed.append({"doc": given, "exc": refusal.traceback})
    return {"failed_docs": failed}


def _delete(site: Site, args: Args) -> None:
    delete(site, str(args["doctype"]), args["name"])


def _rename(site: Site, args: Args) -> Any:
    merge = args.flag("merge")
    return rename(site, str(args["doctype"]), args["old_name"], args["new_name"], merge=merge)


def _validate_link(site: Site, args: Args) -> Any:
    doctype = str(args["doctype"])
    site.meta(doctype)
    permissions.require_list(site, doctype)
    row = site.tables.get(doctype, args["docname"])
    fields = structure(args.get("fields")) or []
    return {"name": row["name"] if row else None, **({name: row.get(name) for name in fields} if row else {})}


def _has_permission(site: Site, args: Args) -> Any:
    doctype = str(args["doctype"])
    site.meta(doctype)
    return {"has_permission": str(args.get("perm_type", "read")) in permissions.rights(site, doctype, site.user)}


def _get_doc_permissions(site: Site, args: Args) -> Any:
    doctype = str(args["doctype"])
    load(site, doctype, args["docname"])
    held = permissions.rights(site, doctype, site.user)
    by_right = {right: int(right in held) for right in ("read", "write", "create", "delete")}
    others = dict.fromkeys(("print", "email", "report", "import", "export", "share"), int("read" in held))
    submit = {right: int(right in held) for right in sorted(permissions.SUBMITTING)}
    start = {"if_owner": {}, "has_if_owner_enabled": False, "select": 0}
    return {"permissions": {**start, **by_right, **submit, **others}}


def _get_time_zone(site: Site, args: Args) -> Any:
    return {"time_zone": site.setting("System Settings", "time_zone")}


def _get_versions(site: Site, args: Args) -> Any:
    frappe = {"title": "Frappe Framework", "description": "Full stack web framework", "branch": "", "version": VERSION}
    erpnext = {"title": "ERPNext", "description": "ERP made simple", "branch": "", "version": "15.46.0"}
    return {"frappe": frappe, "erpnext": erpnext}


def _text(value: Any) -> Any:
    return "" if value is None else str(value)


def _submit(site: Site, args: Args) -> Any:
    given = Args(mapping(args["doc"]))
    values = {key: value for key, value in given.items() if key not in ("doctype", "name")}
    return shown(change(site, str(given["doctype"]), given["name"], {**values, "docstatus": 1}), nulls=True)


def _cancel(site: Site, args: Args) -> Any:
    return shown(change(site, str(args["doctype"]), args["name"], {"docstatus": 2}), nulls=True)


def _make_delivery_note(site: Site, args: Args) -> Any:
    return new(site, "Delivery Note", made_from(site, str(args["source_name"]), "Delivery Note"))


def _make_sales_invoice(site: Site, args: Args) -> Any:
    return new(site, "Sales Invoice", made_from(site, str(args["source_name"]), "Sales Invoice"))


def _update_status(site: Site, args: Args) -> None:
    load(site, "Sales Order", args["name"])
    refresh(site, str(args["name"]), status=str(args["status"]))


_ORDER = "erpnext.selling.doctype.sales_order.sales_order."
_TAG = "frappe.desk.doctype.tag.tag."
METHODS: dict[str, Method] = {
    "ping": Method(lambda site, args: "pong", guest=True),
    "frappe.ping": Method(lambda site, args: "pong", guest=True),
    "version": Method(lambda site, args: VERSION, guest=True),
    "frappe.auth.get_logged_user": Method(lambda site, args: site.user),
    "frappe.client.get_list": Method(_get_list),
    "frappe.client.get_count": Method(_get_count),
    "frappe.client.get": Method(_get),
    "frappe.client.get_value": Method(_get_value),
    "frappe.client.get_single_value": Method(_get_single_value),
    "frappe.client.set_value": Method(_set_value, _WRITE),
    "frappe.client.insert": Method(_insert, _WRITE),
    "frappe.client.insert_many": Method(_insert_many, _WRITE),
    "frappe.client.save": Method(_save, _WRITE),
    "frappe.client.bulk_update": Method(_bulk_update, _WRITE),
    "frappe.client.submit": Method(_submit, _WRITE),
    "frappe.client.cancel": Method(_cancel, _WRITE),
    "erpnext.controllers.accounts_controller.update_child_qty_rate": Method(update_items, _WRITE),
    _ORDER + "make_delivery_note": Method(_make_delivery_note),
    _ORDER + "make_sales_invoice": Method(_make_sales_invoice),
    _ORDER + "update_status": Method(_update_status, _WRITE),
    "frappe.client.delete": Method(_delete, frozenset({"DELETE", "POST"})),
    "frappe.client.rename_doc": Method(_rename, _WRITE),
    "frappe.client.validate_link": Method(_validate_link),
    "frappe.client.has_permission": Method(_has_permission),
    "frappe.client.get_doc_permissions": Method(_get_doc_permissions),
    "frappe.client.get_time_zone": Method(_get_time_zone),
    "frappe.utils.change_log.get_versions": Method(_get_versions),
    "frappe.core.doctype.deleted_document.deleted_document.restore": Method(
        lambda site, args: restore(site, args["name"])
    ),
    _TAG + "add_tag": Method(tagging.add),
    _TAG + "remove_tag": Method(tagging.remove),
    "frappe.desk.form.load.getdoctype": Method(described.getdoctype),
    "frappe.desk.form.load.getdoc": Method(desk.getdoc),
    "frappe.desk.reportview.get": Method(desk.report),
    "frappe.desk.reportview.get_list": Method(desk.report_list),
    "frappe.desk.reportview.get_count": Method(desk.report_count),
    "frappe.desk.search.search_link": Method(desk.search_link),
}
"""By full name. `getdoctype` answers beside "message", see there."""
