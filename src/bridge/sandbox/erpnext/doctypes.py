"""What a doctype is: its fields and how its documents behave. The standard ones are in standard.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any
from zlib import crc32

from bridge.sandbox.erpnext import commerce_doctypes

LAYOUT = frozenset({"Section Break", "Column Break", "Tab Break", "Fold", "Heading", "Button", "HTML", "Image"})
TABLES = frozenset({"Table", "Table MultiSelect"})
SHORT = frozenset(
    {"Data", "Link", "Dynamic Link", "Select", "Read Only", "Phone", "Autocomplete", "Color", "Icon", "Password"}
)
"""Columns of 140 characters, where the field names no other length."""
WHOLE = frozenset({"Check", "Int", "Duration"})
FRACTIONS = frozenset({"Float", "Currency", "Percent", "Rating"})

STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
CHILD = ("parent", "parentfield", "parenttype")
OPTIONAL = ("_user_tags", "_comments", "_assign", "_liked_by")
FLAGS = [
    "search_index",
    "show_dashboard",
    "hidden",
    "set_only_once",
    "allow_in_quick_entry",
    "print_hide",
    "report_hide",
    "reqd",
    "bold",
    "in_global_search",
    "collapsible",
    "unique",
    "no_copy",
    "allow_on_submit",
    "show_preview_popup",
    "permlevel",
    "ignore_user_permissions",
    "columns",
    "in_list_view",
    "fetch_if_empty",
    "in_filter",
    "remember_last_selected_value",
    "ignore_xss_filter",
    "print_hide_if_no_value",
    "allow_bulk_edit",
    "in_standard_filter",
    "in_preview",
    "read_only",
    "length",
    "translatable",
    "hide_border",
    "hide_days",
    "hide_seconds",
    "non_negative",
    "is_virtual",
    "sort_options",
    "show_on_timeline",
    "make_attachment_public",
]
"""The numbers that a DocField tells in a getdoctype, 0 unless set."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `given` holds all properties as the DocField has them."""

    name: str
    label: str
    fieldtype: str
    options: str = ""
    default: str | None = None
    length: int = 0
    given: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Field:
        """A field of its DocField or Custom Field row."""
        default = given.get("default")
        return cls(
            str(given["fieldname"]),
            str(given.get("label") or given["fieldname"]),
            str(given.get("fieldtype") or "Data"),
            str(given.get("options") or ""),
            None if default in (None, "") else str(default),
            int(given.get("length") or 0),
            dict(given),
        )

    def has(self, flag: str) -> bool:
        """Whether a property such as "reqd" is set."""
        return bool(self.given.get(flag))

    @property
    def table(self) -> bool:
        """Whether the field holds rows of a child doctype."""
        return self.fieldtype in TABLES

    @property
    def column(self) -> bool:
        """Whether the database has a column for it."""
        return self.fieldtype not in LAYOUT | TABLES and not self.has("is_virtual")

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.fieldtype in WHOLE | FRACTIONS

    @property
    def limit(self) -> int | None:
        """The most characters that the column takes, None for long texts and other types."""
        return (self.length or 140) if self.fieldtype in SHORT else None


@dataclass(slots=True)
class _Head:
    autoname: str = ""
    naming_rule: str = ""
    title_field: str = ""
    istable: int = 0
    issingle: int = 0
    is_tree: int = 0
    is_submittable: int = 0
    track_changes: int = 0
    allow_rename: int = 0
    module: str = "Selling"
    search_fields: str = ""
    image_field: str = ""
    description: str = ""
    document_type: str = ""
    icon: str = ""


_TOLD = ("search_fields", "image_field", "description", "document_type", "icon")


class DocType:
    """One doctype with its fields in their order, custom ones included."""

    def __init__(self, name: str, given: Mapping[str, Any], customs: list[Field]) -> None:
        self.name = name
        self.head = _Head(**{key: value for key, value in given.items() if key != "fields"})
        self.fields = _ordered([Field.of(row) for row in given["fields"]], customs)
        self.by_name = {each.name: each for each in self.fields}

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """The fields that have a column of their own."""
        return tuple(each for each in self.fields if each.column)

    @cached_property
    def tables(self) -> tuple[Field, ...]:
        """The fields that hold child rows."""
        return tuple(each for each in self.fields if each.table)

    @cached_property
    def links(self) -> tuple[Field, ...]:
        """The fields that name documents."""
        return tuple(each for each in self.fields if each.fieldtype in ("Link", "Dynamic Link"))

    @cached_property
    def uniques(self) -> tuple[Field, ...]:
        """The fields whose values no two documents share."""
        return tuple(each for each in self.columns if each.has("unique"))

    @cached_property
    def column_names(self) -> frozenset[str]:
        """Everything that a query may name."""
        own = {each.name for each in self.columns}
        return frozenset(own | set(STANDARD) | set(CHILD if self.head.istable else OPTIONAL))

    @cached_property
    def row_order(self) -> tuple[str, ...]:
        """The columns in the order of a document's answer."""
        return (*STANDARD, *(each.name for each in self.columns))

    def row(self) -> dict[str, Any]:
        """The doctype as its own DocType row."""
        head = self.head
        return {
            "name": self.name,
            "owner": "Administrator",
            "creation": "2013-06-11 14:26:44",
            "modified": "2024-06-17 03:24:59.612974",
            "modified_by": "Administrator",
            "docstatus": 0,
            "idx": 0,
            **{key: getattr(head, key) or 0 for key in ("istable", "issingle", "is_tree", "is_submittable")},
            "track_changes": head.track_changes,
            "allow_rename": head.allow_rename,
            "autoname": head.autoname or None,
            "naming_rule": head.naming_rule or None,
            "title_field": head.title_field or None,
            "sort_field": "modified",
            "sort_order": "DESC",
            "is_virtual": 0,
            "custom": 0,
            "module": head.module,
            **{key: getattr(head, key) or None for key in _TOLD},
            "engine": "InnoDB",
        }

    def field_rows(self) -> Iterator[dict[str, Any]]:
        """The fields as DocField rows."""
        for number, each in enumerate(self.fields, 1):
            yield {
                "doctype": "DocField",
                "name": f"{crc32(f'{self.name}.{each.name}'.encode()):010x}",
                "creation": "2013-06-11 14:26:44",
                "modified": "2024-06-17 03:24:59.612974",
                "modified_by": "Administrator",
                "owner": "Administrator",
                "docstatus": 0,
                "parent": self.name,
                "parentfield": "fields",
                "parenttype": "DocType",
                "idx": number,
                **dict.fromkeys(FLAGS, 0),
                **{key: value for key, value in each.given.items() if value is not None},
            }


def _ordered(fields: list[Field], customs: list[Field]) -> list[Field]:
    """Custom fields stand after the field that they name."""
    ordered = list(fields)
    for custom in customs:
        after = str(custom.given.get("insert_after") or "")
        place = next((at for at, each in enumerate(ordered, 1) if each.name == after), len(ordered))
        ordered.insert(place, custom)
    return ordered


def standard() -> dict[str, dict[str, Any]]:
    """The doctypes of a fresh site, as they are written down."""
    text = files(__package__).joinpath("standard.json").read_text(encoding="utf-8")
    given: dict[str, dict[str, Any]] = json.loads(text)
    return {**commerce_doctypes.doctypes(), **given}


class Catalogue:
    """All doctypes of a site."""

    def __init__(self) -> None:
        self._given = standard()
        self._customs: dict[str, list[Field]] = {}
        self._known: dict[str, DocType] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._given

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def of(self, name: str) -> DocType:
        """One doctype. Raises KeyError if there is none."""
        if name not in self._known:
            self._known[name] = DocType(name, self._given[name], self._customs.get(name, []))
        return self._known[name]

    def customise(self, name: str, rows: list[Mapping[str, Any]]) -> None:
        """Set the custom fields of a doctype, of its Custom Field rows."""
        self._customs[name] = [Field.of({**row, "is_custom_field": 1}) for row in rows]
        self._known.pop(name, None)

    def pointing(self, target: str) -> Iterator[tuple[DocType, Field]]:
        """Every field that names documents of a doctype."""
        for name in self._given:
            meta = self.of(name)
            for each in meta.links:
                if each.fieldtype == "Link" and each.options == target:
                    yield meta, each
