"""Methods that the screens of the desk call, and some integrations with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.erpnext import permissions
from bridge.sandbox.erpnext.described import Answer
from bridge.sandbox.erpnext.documents import read, shown
from bridge.sandbox.erpnext.query import Query
from bridge.sandbox.erpnext.site import Site


def getdoc(site: Site, args: Mapping[str, Any]) -> Answer:
    """A document with what the form shows beside it."""
    doctype = str(args["doctype"])
    doc = read(site, doctype, args["name"])
    permissions.require_read(site, doctype)
    held = permissions.rights(site, doctype, site.user)
    info: dict[str, Any] = {"doctype": doctype, "name": doc["name"], "user_info": {}}
    info |= {key: [] for key in ("comments", "shared", "assignments", "attachments", "communications", "versions")}
    info["permissions"] = {right: int(right in held) for right in ("read", "write", "create", "delete")}
    info["tags"] = str(doc.get("_user_tags") or "").strip(",")
    return Answer(docs=[shown(doc, nulls=True)], docinfo=info)


def report_count(site: Site, args: Mapping[str, Any]) -> int:
    """How many rows a list of the desk has."""
    return _query(site, args).count()


def report_list(site: Site, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a list of the desk."""
    return _query(site, args).rows()


def report(site: Site, args: Mapping[str, Any]) -> Any:
    """The rows of a list of the desk, as lists under the names of their columns; an empty list if there are none."""
    rows = _query(site, args).rows()
    return {"keys": list(rows[0]), "values": [list(row.values()) for row in rows], "user_info": {}} if rows else []


def search_link(site: Site, args: Mapping[str, Any]) -> list[dict[str, str]]:
    """Documents whose name holds a text, as a link field offers them."""
    doctype = str(args["doctype"])
    site.meta(doctype)
    permissions.require_list(site, doctype)
    filters = [["name", "like", f"%{args['txt']}%"]]
    asked = {"filters": filters, "order_by": "name asc", "limit_page_length": args.get("page_length") or 10}
    return [{"value": row["name"], "description": ""} for row in Query(site, doctype, asked).rows()]


def _query(site: Site, args: Mapping[str, Any]) -> Query:
    doctype = str(args["doctype"])
    site.meta(doctype)
    permissions.require_list(site, doctype, args.get("parent"))
    start, length = args.get("start"), args.get("page_length")
    return Query(site, doctype, {**args, "limit_start": start, "limit_page_length": length})
