"""Another name for a document, or two documents made one."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.erpnext import permissions
from bridge.sandbox.erpnext.collation import collate
from bridge.sandbox.erpnext.controllers import controller
from bridge.sandbox.erpnext.deleting import remove
from bridge.sandbox.erpnext.documents import load
from bridge.sandbox.erpnext.errors import missing, thrown
from bridge.sandbox.erpnext.journal import log
from bridge.sandbox.erpnext.site import Site


def rename(site: Site, doctype: str, old: Any, new: Any, *, merge: bool = False) -> str:
    """Give a document another name and put it into everything that names it, whose stamps do not move.

    With `merge` the document goes into the other one and is kept in Deleted Document. Raises ValidationError for a
    name that is taken, or not taken where it has to be.
    """
    meta = site.meta(doctype)
    row = site.tables.get(doctype, old)
    if row is None:
        raise missing(doctype, old)
    permissions.require_write(site, doctype, "write")
    wanted = str(new or "").strip()
    if not meta.head.allow_rename:
        raise thrown("ValidationError", f"{doctype} not allowed to be renamed")
    target = site.tables.get(doctype, wanted)
    if merge and target is None:
        raise thrown("ValidationError", f"{doctype} {wanted} does not exist, select a new target to merge")
    if not merge and target is not None and target is not row:
        raise thrown("ValidationError", f"Another {doctype} with name {wanted} exists, select another name")
    if "<" in wanted or ">" in wanted or not wanted:
        raise thrown("NameError", "Name cannot contain special characters like '<', '>'")
    before = str(row["name"])
    if merge and target is not None:
        wanted = str(target["name"])
        doc = load(site, doctype, before)
        _repoint(site, doctype, before, wanted)
        remove(site, doc)
    else:
        _move(site, doctype, before, wanted)
    said = "merged <strong>{}</strong> into <strong>{}</strong>" if merge else _RENAMED
    comment = {"comment_type": "Edit", "reference_doctype": doctype, "reference_name": wanted}
    log(site, "Comment", {**comment, "content": said.format(before, wanted), "comment_email": site.user})
    text = "Document " + _RENAMED.format(before, wanted)
    site.tell(text, indicator="green", alert=1)
    return wanted


_RENAMED = "renamed from <strong>{}</strong> to <strong>{}</strong>"


def _move(site: Site, doctype: str, old: str, new: str) -> None:
    meta = site.meta(doctype)
    row = site.tables.get(doctype, old) or {}
    children = [
        (table.options, child) for table in meta.tables for child in site.tables.children(table.options, doctype, old)
    ]
    site.tables.remove(doctype, old)
    values = {**row, "name": new, "modified": site.now(), "modified_by": site.user}
    if meta.head.autoname.startswith("field:"):
        values[meta.head.autoname[6:]] = new
    values.update(controller(doctype).renamed(site, old, new))
    site.tables.put(doctype, values)
    for kind, child in children:
        site.tables.put(kind, {**child, "parent": new})
    _repoint(site, doctype, old, new)


def _repoint(site: Site, doctype: str, old: str, new: str) -> None:
    key = collate(old)
    for meta, field in list(site.catalogue.pointing(doctype)):
        for row in list(site.tables.all(meta.name)):
            value = row.get(field.name)
            if value is not None and collate(str(value)) == key:
                site.tables.put(meta.name, {**row, field.name: new})
    pairs = (
        ("Dynamic Link", "link_doctype", "link_name"),
        ("Tag Link", "document_type", "document_name"),
        ("Comment", "reference_doctype", "reference_name"),
        ("Version", "ref_doctype", "docname"),
    )
    for kind, of, name in pairs:
        for row in list(site.tables.all(kind)):
            if row.get(of) == doctype and collate(str(row.get(name))) == key:
                site.tables.put(kind, {**row, name: new})
