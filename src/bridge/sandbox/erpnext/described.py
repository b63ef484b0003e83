"""Doctypes as the server describes them to its clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import md5
from typing import Any
from zlib import crc32

from bridge.sandbox.erpnext import permissions
from bridge.sandbox.erpnext.doctypes import TABLES, DocType
from bridge.sandbox.erpnext.site import Site

_SCRIPTS = [
    "__js",
    "__css",
    "__list_js",
    "__calendar_js",
    "__map_js",
    "__linked_with",
    "__messages",
    "__print_formats",
    "__workflow_docs",
    "__form_grid_templates",
    "__listview_template",
    "__tree_js",
    "__dashboard",
    "__kanban_column_fields",
    "__templates",
    "__custom_js",
    "__custom_list_js",
]
_PLAIN = [
    "editable_grid",
    "track_seen",
    "track_views",
    "read_only",
    "in_create",
    "allow_copy",
    "allow_import",
    "hide_toolbar",
    "max_attachments",
    "show_name_in_global_search",
    "beta",
    "has_web_view",
    "allow_guest_to_view",
    "email_append_to",
    "show_title_field_in_link",
    "translated_doctype",
    "is_calendar_and_gantt",
    "quick_entry",
    "queue_in_background",
    "allow_events_in_timeline",
    "allow_auto_repeat",
    "make_attachments_public",
    "force_re_route_to_default_view",
    "show_preview_popup",
    "index_web_pages_for_search",
]


class Answer(dict[str, Any]):
    """What a method puts into its answer beside "message"."""


def describe(site: Site, meta: DocType) -> dict[str, Any]:
    """One doctype with its fields."""
    lists: dict[str, Any] = {"permissions": [], "actions": [], "links": [], "states": []}
    fields: list[dict[str, Any]] = []
    for row in meta.field_rows():
        custom = "Custom Field" if row.get("is_custom_field") else "DocField"
        fields.append({**row, "fields": [], **lists, "doctype": custom})
    told = {key: value for key, value in meta.row().items() if value is not None}
    made = {"doctype": "DocType", **told, **dict.fromkeys(_PLAIN, 0), "fields": fields, **lists}
    if not meta.head.istable:
        made["permissions"] = list(_permissions(meta))
    if meta.tables:
        made["_table_fields"] = [row for row in fields if row["fieldtype"] in TABLES]
    made["migration_hash"] = md5(meta.name.encode(), usedforsecurity=False).hexdigest()
    return made


def _permissions(meta: DocType) -> Iterator[dict[str, Any]]:
    """The rights of the roles, as DocPerm rows."""
    for number, (role, held) in enumerate(permissions.by_role(meta.name), 1):
        rights = {right: int(right in held) for right in ("read", "write", "create", "delete")}
        others = dict.fromkeys(("submit", "cancel", "amend", "export", "import", "if_owner", "select"), 0)
        shown = dict.fromkeys(("report", "share", "print", "email"), rights["read"])
        place = {"parent": meta.name, "parentfield": "permissions", "parenttype": "DocType", "idx": number}
        name = f"{crc32(f'{meta.name}/{role}'.encode()):010x}"
        yield {"doctype": "DocPerm", "name": name, **place, "permlevel": 0, "role": role, **rights, **others, **shown}


def getdoctype(site: Site, args: Mapping[str, Any]) -> Answer:
    """A doctype and the child doctypes of its tables. Raises DoesNotExistError for an unknown one."""
    meta = site.meta(str(args["doctype"]))
    children = list(dict.fromkeys(table.options for table in meta.tables))
    docs = [describe(site, each) for each in (meta, *(site.meta(child) for child in children))]
    for doc in docs:
        doc.update({"__assets_loaded": True, **dict.fromkeys(_SCRIPTS)})
        for row in doc["fields"]:
            links_to = "Setup" if row["fieldtype"] == "Link" and row.get("options") in site.catalogue else None
            own = {"search_fields": None, "is_custom_field": row.get("is_custom_field")}
            row.update({**own, "linked_document_type": links_to})
    return Answer(docs=docs, user_settings="{}")
