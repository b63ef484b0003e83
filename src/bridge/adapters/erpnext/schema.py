"""What a site says about a doctype and the documents joined to it, and what `setup` makes there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bridge.adapters.erpnext.client import Client
from bridge.adapters.erpnext.document import CHANNELS, ITEM_DOCTYPE, TAGS, Part, address_types, layout_of
from bridge.adapters.erpnext.drafts import writable
from bridge.adapters.erpnext.levels import BIN, ITEM, WAREHOUSE
from bridge.adapters.erpnext.meta import DATA_LENGTH, Meta, MetaField, Metas
from bridge.adapters.erpnext.prices import HEAD
from bridge.adapters.erpnext.stock_entries import ENTRY, ON_HAND
from bridge.ports.adapter import NativeField, NativeSchema, SetupStep
from bridge.ports.errors import NotFound, PermissionDenied, Rejected, Unsupported
from bridge.ports.records import FieldSpec, ObjectSpec

_TYPES = {
    "Check": "boolean",
    "Int": "integer",
    "Long Int": "integer",
    "Duration": "integer",
    "Float": "decimal",
    "Currency": "decimal",
    "Percent": "decimal",
    "Rating": "decimal",
    "Date": "date",
    "Datetime": "datetime",
    "Select": "choice",
    "Link": "reference",
    "Dynamic Link": "reference",
    "Phone": "phone",
    "Text": "longtext",
    "Small Text": "longtext",
    "Long Text": "longtext",
    "Code": "longtext",
    "JSON": "longtext",
    "Text Editor": "html",
    "HTML Editor": "html",
    "Markdown Editor": "longtext",
    "Data": "text",
    "Read Only": "text",
    "Autocomplete": "text",
    "Attach": "url",
    "Attach Image": "url",
}
_DATA_OPTIONS = {"Email": "email", "Phone": "phone", "URL": "url"}
_JOINED_BY_DEFAULT = ("Customer", "Supplier", "Lead", "Prospect", "Company")
_ROLES = ("Billing", "Shipping")


class Schemas:
    """Describes and prepares doctypes of one site."""

    def __init__(self, client: Client, metas: Metas) -> None:
        self._client = client
        self._metas = metas

    def of(self, spec: ObjectSpec) -> NativeSchema:
        """The schema of the object with its joined paths. Raises NotFound for an unknown doctype."""
        self._metas.forget(spec.object)
        meta = self._metas.of(spec.object)
        paths = [name for name, one in meta.fields.items() if one.stored]
        paths += [TAGS.name, *self._joined_paths(meta, spec)]
        wide = replace(spec, fields=tuple(FieldSpec(path) for path in dict.fromkeys(paths)), tables=())
        layout = layout_of(wide, self._metas)
        used = {path.rpartition(".")[0] for path in (one.path for one in spec.fields) if path.startswith("Address.")}
        fields = {}
        for part in layout.parts:
            plain = native_field(part)
            fields[part.path] = replace(
                plain,
                required=plain.required and _demanded(part, used),
                createable=writable(layout, part, creating=True),
                updateable=writable(layout, part, creating=False),
            )
        fields |= self._items(spec, meta)
        rights = self._rights(spec.object)
        if spec.object == BIN:
            return self._stock(spec, fields)
        return NativeSchema(
            object=spec.object,
            fields=fields,
            readable=rights.get("read", True),
            createable=rights.get("create", True),
            updateable=rights.get("write", True),
            key_problem=key_problem(meta, spec.key),
            required=tuple(one.name for one in meta.fields.values() if one.stored and one.required and not one.default),
        )

    def _stock(self, spec: ObjectSpec, fields: Mapping[str, NativeField]) -> NativeSchema:
        """A Bin as it can be written: the quantity by Stock Entries, which carry the key; all else by ERPNext alone."""
        shown = {
            name: replace(
                one, createable=name in (ITEM, WAREHOUSE, ON_HAND), updateable=name == ON_HAND, required=False
            )
            for name, one in fields.items()
        }
        entries = self._metas.of(ENTRY)
        rights = self._rights(ENTRY)
        return NativeSchema(
            object=spec.object,
            fields=shown,
            createable=rights.get("create", True),
            updateable=rights.get("create", True),
            key_problem=key_problem(entries, spec.key),
        )

    def _items(self, spec: ObjectSpec, meta: Meta) -> dict[str, NativeField]:
        """The cells of the rows that the mapping uses."""
        found: dict[str, NativeField] = {}
        for table in spec.tables:
            known = meta.fields.get(table.path)
            if known is None or known.fieldtype != "Table":
                continue
            found[table.path] = NativeField(table.path, "other")
            for name, one in self._metas.of(known.options).fields.items():
                if one.stored:
                    path = f"{table.path}[].{name}"
                    plain = native_field(Part(path, "own", one))
                    found[path] = replace(
                        plain, required=False, createable=not one.computed, updateable=not one.computed
                    )
        return found

    def _item_setup(self, spec: ObjectSpec, meta: Meta, *, apply: bool) -> list[SetupStep]:
        """The fields in which rows keep their keys."""
        steps = []
        for table in spec.tables:
            known = meta.fields.get(table.path)
            if known is None or known.fieldtype != "Table":
                steps.append(SetupStep(f"rows {table.path} of {spec.object}", "failed", "There are no such rows."))
                continue
            child = self._metas.of(known.options)
            what = f"field {table.key} on {known.options}"
            if table.key in child.fields:
                steps.append(SetupStep(what, "present"))
            elif not apply:
                steps.append(SetupStep(what, "needed", "bridge makes it as a Custom Field."))
            else:
                # copied with the row, so that an amended order keeps its rows apart; unique within an order is enough
                field = {**_key_field(child, table.key), "unique": 0, "allow_on_submit": 1, "no_copy": 0}
                try:
                    self._client.insert("Custom Field", field)
                    steps.append(SetupStep(what, "done"))
                except (PermissionDenied, Rejected) as error:
                    steps.append(SetupStep(what, "failed", error.message))
                self._metas.forget(known.options)
                self._metas.forget(spec.object)
        return steps

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        """Make the key field, or only say so."""
        if spec.object == BIN:
            spec = replace(spec, object=ENTRY)  # the movements carry the key, not the level
        self._metas.forget(spec.object)
        meta = self._metas.of(spec.object)
        return [*self._key_setup(spec, meta, apply=apply), *self._item_setup(spec, meta, apply=apply)]

    def _key_setup(self, spec: ObjectSpec, meta: Meta, *, apply: bool) -> list[SetupStep]:
        what = f"unique field {spec.key} on {spec.object}"
        problem = key_problem(meta, spec.key)
        if problem is None:
            return [SetupStep(what, "present")]
        if spec.key in meta.fields or not _is_fieldname(spec.key):
            return [SetupStep(what, "failed", problem)]
        if not apply:
            return [SetupStep(what, "needed", "bridge makes it as a Custom Field; that needs the System Manager role.")]
        try:
            self._client.insert("Custom Field", _key_field(meta, spec.key))
        except PermissionDenied:
            words = "The integration user may not make Custom Fields: let a System Manager run `bridge setup`."
            return [SetupStep(what, "failed", words)]
        except Rejected as error:
            self._metas.forget(spec.object)  # 417 also where somebody else has just made it (recording 033)
            problem = key_problem(self._metas.of(spec.object), spec.key)
            return [SetupStep(what, "present") if problem is None else SetupStep(what, "failed", error.message)]
        self._metas.forget(spec.object)
        return [SetupStep(what, "done")]

    def _joined_paths(self, meta: Meta, spec: ObjectSpec) -> list[str]:
        named = [one.path for one in spec.fields if "." in one.path]
        paths = [path for path in named if not path.startswith("Address.")]
        if meta.doctype == ITEM_DOCTYPE:
            paths += [f"{HEAD}.Standard_Selling", "barcodes.barcode"]
        if meta.doctype == "Contact":
            paths.append("links.Customer")
        if meta.doctype == "Address" or not (
            meta.doctype in _JOINED_BY_DEFAULT or any(path.startswith("Address.") for path in named)
        ):
            return paths
        address = self._metas.of("Address")
        used = [path.split(".")[1] for path in named if path.startswith("Address.") and path.count(".") > 1]
        roles = [role for role in dict.fromkeys([*_ROLES, *used]) if role in address_types(address)]
        inner = [name for name, one in address.fields.items() if one.stored]
        short = [path for path in named if path.startswith("Address.") and path.count(".") == 1]
        return [*paths, *short, *(f"Address.{role}.{name}" for role in roles for name in inner)]

    def _rights(self, doctype: str) -> dict[str, bool]:
        """What the user may do, asked of one document: the server answers for documents only (recording 399)."""
        try:
            rows = self._client.rows(doctype, ["name"], limit=1)
        except PermissionDenied:
            return {"read": False, "write": False, "create": False}
        if not rows:
            return {}
        try:
            answer = self._client.ask(
                "frappe.client.get_doc_permissions", {"doctype": doctype, "docname": str(rows[0]["name"])}
            )
        except (Rejected, Unsupported, NotFound, PermissionDenied):
            return {}
        message = answer.get("message")
        rights = message.get("permissions") if isinstance(message, dict) else None
        return {name: bool(rights[name]) for name in ("read", "write", "create") if name in rights} if rights else {}


def _demanded(part: Part, used: set[str]) -> bool:
    """Whether a field that its document demands is demanded of the record: not where there need not be the document."""
    return part.kind == "own" or (part.kind == "address" and part.path.rpartition(".")[0] in used)


def native_field(part: Part) -> NativeField:
    """What bridge says of a part, without the right to write it."""
    one = part.field
    kind = _kind(part)
    choices = tuple(one.options.split("\n")) if kind == "choice" else None
    return NativeField(
        path=part.path,
        type=kind,
        label=one.label,
        length=one.length,
        scale=_scale(one),
        required=one.required and not one.default,
        unique=one.unique,
        choices=tuple(choice for choice in choices if choice) if choices else None,
        choices_closed=kind == "choice",
        target=one.options or None if kind == "reference" and one.fieldtype == "Link" else None,
    )


def key_problem(meta: Meta, key: str) -> str | None:
    """Why the key field is not fit for use, None if it is."""
    one = meta.fields.get(key)
    if not _is_fieldname(key):
        return f"{key!r} cannot be a field name of ERPNext: take lower-case letters, digits and underscores."
    if one is None:
        return f"{meta.doctype} has no field {key}."
    if one.fieldtype != "Data" or one.computed:
        return f"{meta.doctype}.{key} must be a Data field that may be written."
    if not one.unique:
        return f"{meta.doctype}.{key} is not unique: tick Unique in Customize Form, or take another name."
    return None


def _kind(part: Part) -> str:
    one = part.field
    if part.kind == "tags":
        return "multichoice"
    if part.kind == "channel" or one.name in CHANNELS:
        return "email" if one.name == "email_id" else "phone"
    if one.fieldtype == "Data":
        return _DATA_OPTIONS.get(one.options, "text")
    return _TYPES.get(one.fieldtype, "other")


def _scale(one: MetaField) -> int | None:
    """Digits after the point: what the field names, else what the column holds (decimal(21,9))."""
    if one.fieldtype in ("Float", "Currency", "Percent"):
        return one.precision or 9
    return None


def _is_fieldname(key: str) -> bool:
    return key.isidentifier() and key.isascii() and key == key.lower()


def _key_field(meta: Meta, key: str) -> dict[str, object]:
    """The Custom Field as recordings 027-032 make it: unique, never copied, read-only in the form (not for the API)."""
    visible = [one.name for one in meta.fields.values() if one.stored and not one.virtual]
    after = meta.title_field or next((name for name in visible if name in (meta.naming_field, "first_name")), "")
    field: dict[str, object] = {
        "dt": meta.doctype,
        "fieldname": key,
        "label": key.replace("_", " ").removeprefix("custom ").title(),
        "fieldtype": "Data",
        "length": DATA_LENGTH,
        "unique": 1,
        "no_copy": 1,
        "read_only": 1,
        "insert_after": after or visible[-1],
    }
    if meta.submittable:
        field["allow_on_submit"] = 1  # else it cannot be set once an order is submitted (recording 182)
    return field
