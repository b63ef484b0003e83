"""Rows that the system writes itself: versions, comments, and columns changed in passing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.erpnext import checks
from bridge.sandbox.erpnext.checks import Doc
from bridge.sandbox.erpnext.doctypes import DocType
from bridge.sandbox.erpnext.site import Site


def record(site: Site, doc: Doc, before: Doc, meta: DocType) -> None:
    """Keep what a save changed as a Version, where the doctype is tracked."""
    if not meta.head.track_changes:
        return
    changed = [
        [each.name, before.get(each.name), doc.get(each.name)]
        for each in meta.columns
        if before.get(each.name) != doc.get(each.name)
    ]
    if not changed:
        return
    data: dict[str, Any] = {"added": [], "changed": changed, "data_import": None, "removed": [], "row_changed": []}
    text = json.dumps({**data, "updater_reference": None}, sort_keys=True, separators=(",", ":"))
    log(site, "Version", {"ref_doctype": meta.name, "docname": doc["name"], "data": text})


def log(site: Site, doctype: str, values: Mapping[str, Any]) -> str:
    """Write a row that the system itself keeps, such as a Version or a Comment, unchecked."""
    stamp = site.now()
    name = site.hash()
    base = {"name": name, "owner": site.user, "creation": stamp, "modified": stamp, "modified_by": site.user}
    row = site.columns(site.meta(doctype), {**base, "docstatus": 0, "idx": 0, **values})
    checks.complete(row, site.meta(doctype))
    site.tables.put(doctype, row)
    return name


def set_column(site: Site, doctype: str, name: Any, values: Mapping[str, Any], *, stamp: bool = True) -> None:
    """Write columns straight into a row, without checks, as the server does in passing."""
    row = site.tables.get(doctype, name)
    if row is not None:
        moved = {"modified": site.now(), "modified_by": site.user} if stamp else {}
        site.tables.put(doctype, {**row, **values, **moved})
