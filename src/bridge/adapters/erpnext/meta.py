"""What a doctype says about its fields, read from the live site and kept for a while."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.adapters.erpnext.client import Client
from bridge.ports.errors import NoSuchObject, NotFound

META_AGE = 600.0
"""Seconds after which a doctype is read again: fields are added by hand, seldom."""

DATA_LENGTH = 140
"""Characters of a Data, Link or Select field that names no length of its own (recording 046)."""

_LAYOUT = frozenset({"Section Break", "Column Break", "Tab Break", "Fold", "Heading", "Button", "HTML", "Image"})
_TABLES = frozenset({"Table", "Table MultiSelect"})
_SHORT = frozenset({"Data", "Link", "Dynamic Link", "Select", "Read Only", "Phone", "Autocomplete", "Color", "Icon"})


@dataclass(frozen=True, slots=True)
class MetaField:
    """One field of a doctype. `stored` is false for layout, tables and virtual fields, which have no column."""

    name: str
    label: str
    fieldtype: str
    options: str = ""
    length: int | None = None
    precision: int | None = None
    required: bool = False
    default: bool = False
    read_only: bool = False
    unique: bool = False
    custom: bool = False
    set_once: bool = False
    fetched: bool = False
    virtual: bool = False

    @property
    def stored(self) -> bool:
        return not self.virtual and self.fieldtype not in _LAYOUT | _TABLES and self.fieldtype != "Password"

    @property
    def computed(self) -> bool:
        """Whether the server fills it itself.

        `read_only` binds the form, not the API (recordings 027, 036), so a custom field of an integration is written
        though it is read-only; the read-only fields of the product itself are computed by it.
        """
        return self.fieldtype == "Read Only" or self.fetched or self.virtual or (self.read_only and not self.custom)


@dataclass(frozen=True, slots=True)
class Meta:
    """A doctype: its fields by name, and how its documents get their names."""

    doctype: str
    fields: Mapping[str, MetaField]
    autoname: str = ""
    title_field: str = ""
    submittable: bool = False

    @property
    def naming_field(self) -> str:
        """The field that is the name ("item_code" of Item); a change to it is reset (recording 144)."""
        return self.autoname.removeprefix("field:") if self.autoname.startswith("field:") else ""


STANDARD = {
    "name": MetaField("name", "ID", "Data", length=DATA_LENGTH, read_only=True, unique=True),
    "owner": MetaField("owner", "Created By", "Data", length=DATA_LENGTH, read_only=True),
    "creation": MetaField("creation", "Created On", "Datetime", read_only=True),
    "modified": MetaField("modified", "Last Updated On", "Datetime", read_only=True),
    "modified_by": MetaField("modified_by", "Last Updated By", "Data", length=DATA_LENGTH, read_only=True),
    "docstatus": MetaField("docstatus", "Document Status", "Int", read_only=True),
}


class Metas:
    """Doctypes of one site, each read once in a while."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[float, Meta]] = {}

    def of(self, doctype: str) -> Meta:
        """The doctype as the site has it, custom fields included. Raises NoSuchObject if there is none."""
        known = self._known.get(doctype)
        if known is not None and time.monotonic() - known[0] < META_AGE:
            return known[1]
        try:
            answer = self._client.ask("frappe.desk.form.load.getdoctype", {"doctype": doctype})
        except NotFound:
            raise NoSuchObject(f"does not know the doctype {doctype}", system=self._client.system) from None
        for document in answer.get("docs") or ():
            if document.get("doctype") == "DocType":  # child doctypes come along
                self._known[str(document["name"])] = (time.monotonic(), _meta(document))
        return self._known[doctype][1] if doctype in self._known else Meta(doctype, dict(STANDARD))

    def forget(self, doctype: str) -> None:
        """Read the doctype again when it is next needed."""
        self._known.pop(doctype, None)


def _meta(document: Mapping[str, Any]) -> Meta:
    fields = dict(STANDARD)
    for row in document.get("fields") or ():
        field = _field(row)
        fields[field.name] = field
    return Meta(
        doctype=str(document["name"]),
        fields=fields,
        autoname=str(document.get("autoname") or ""),
        title_field=str(document.get("title_field") or ""),
        submittable=bool(document.get("is_submittable")),
    )


def _filled(row: Mapping[str, Any], fieldtype: str) -> bool:
    """Whether a new document gets a value by itself: the default, the first choice, or the default company.

    Source: frappe/model/create_new.py, get_static_default_value and get_user_default_value.
    """
    options = str(row.get("options") or "")
    first = options.split("\n", 1)[0]
    return (
        row.get("default") not in (None, "")
        or (fieldtype == "Select" and bool(first) and first != "[Select]")
        or (fieldtype == "Link" and options == "Company")
    )


def _field(row: Mapping[str, Any]) -> MetaField:
    fieldtype = str(row.get("fieldtype") or "Data")
    length = _whole(row.get("length")) or (DATA_LENGTH if fieldtype in _SHORT else None)
    return MetaField(
        name=str(row.get("fieldname") or ""),
        label=str(row.get("label") or ""),
        fieldtype=fieldtype,
        options=str(row.get("options") or ""),
        length=length if fieldtype in _SHORT else None,
        precision=_whole(row.get("precision")),
        required=bool(row.get("reqd")),
        default=_filled(row, fieldtype),
        read_only=bool(row.get("read_only")),
        unique=bool(row.get("unique")),
        custom=bool(row.get("is_custom_field")) or row.get("doctype") == "Custom Field",
        set_once=bool(row.get("set_only_once")),
        fetched=bool(row.get("fetch_from")),
        virtual=bool(row.get("is_virtual")),
    )


def _whole(value: Any) -> int | None:
    try:
        return int(value) or None
    except (TypeError, ValueError):
        return None
