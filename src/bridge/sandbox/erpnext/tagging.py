"""Tags of documents: kept in the document's _user_tags, whose stamp does not move, and as Tag and Tag Link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.erpnext import permissions
from bridge.sandbox.erpnext.errors import missing
from bridge.sandbox.erpnext.journal import log, set_column
from bridge.sandbox.erpnext.site import Site


def add(site: Site, args: Mapping[str, Any]) -> str:
    """add_tag(tag, dt, dn): an unknown tag is made by it."""
    tag, doctype, name = str(args["tag"]), str(args["dt"]), str(args["dn"])
    held = _held(site, doctype, name)
    if tag.lower() not in [each.lower() for each in held]:
        _set(site, doctype, name, [*held, tag])
        if not site.exists("Tag", tag):
            stamp = site.now()
            row = {"name": tag, "owner": site.user, "creation": stamp, "modified": stamp, "modified_by": site.user}
            site.tables.put("Tag", site.columns(site.meta("Tag"), {**row, "docstatus": 0, "idx": 0}))
        log(site, "Tag Link", {"document_type": doctype, "document_name": name, "tag": tag, "title": name})
    return tag


def remove(site: Site, args: Mapping[str, Any]) -> None:
    """remove_tag(tag, dt, dn): a tag that is not there is no fault."""
    tag, doctype, name = str(args["tag"]), str(args["dt"]), str(args["dn"])
    held = _held(site, doctype, name)
    _set(site, doctype, name, [each for each in held if each.lower() != tag.lower()])
    for row in list(site.tables.all("Tag Link")):
        if (row["document_type"], row["document_name"]) == (doctype, name) and str(row["tag"]).lower() == tag.lower():
            site.tables.remove("Tag Link", row["name"])


def _held(site: Site, doctype: str, name: str) -> list[str]:
    site.meta(doctype)
    row = site.tables.get(doctype, name)
    if row is None:
        raise missing(doctype, name)
    permissions.require_write(site, doctype, "write")
    return [tag for tag in str(row.get("_user_tags") or "").split(",") if tag]


def _set(site: Site, doctype: str, name: str, tags: list[str]) -> None:
    text = "".join(f",{tag}" for tag in tags)
    set_column(site, doctype, name, {"_user_tags": text}, stamp=False)
