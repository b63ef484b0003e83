"""The life of a document: made, read, changed. What a doctype adds of its own is in controllers.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.erpnext import checks, journal, permissions
from bridge.sandbox.erpnext.checks import Doc
from bridge.sandbox.erpnext.controllers import controller
from bridge.sandbox.erpnext.doctypes import CHILD, STANDARD, DocType, Field
from bridge.sandbox.erpnext.errors import Refusal, message, missing, thrown
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.erpnext.submitting import frozen, transition
from bridge.sandbox.erpnext.tables import Row

_KEPT = frozenset({*STANDARD, *CHILD, "_user_tags"})


def load(site: Site, doctype: str, name: Any) -> Doc:
    """A document with its child rows. Raises DoesNotExistError if the doctype or the document is not there."""
    meta = site.meta(doctype)
    row = site.tables.get(doctype, name)
    if row is None:
        raise missing(doctype, name)
    return assemble(site, meta, row)


def read(site: Site, doctype: str, name: Any) -> Doc:
    """A document as a reader sees it now: what is not committed yet is not there."""
    meta = site.meta(doctype)
    now = site.instant()
    row = site.tables.look(doctype, name, now)
    if row is None:
        raise missing(doctype, name)
    return assemble(site, meta, row, now)


def assemble(site: Site, meta: DocType, row: Row, now: float | None = None) -> Doc:
    """A row as a document, its child rows with it."""
    doc = {key: value for key, value in row.items() if key != "_user_tags" or value}
    doc["doctype"] = meta.name
    for table in meta.tables:
        rows = site.tables.children(table.options, meta.name, row["name"], now)
        doc[table.name] = [{**child, "doctype": table.options} for child in rows]
    return doc


def new(site: Site, doctype: str, values: Mapping[str, Any]) -> Doc:
    """A document that is not stored yet: the defaults, then what is given; unknown fields are dropped."""
    meta = site.meta(doctype)
    doc: Doc = {"doctype": doctype}
    for each in meta.columns:
        doc[each.name] = _default(site, each)
    doc.update({table.name: [] for table in meta.tables})
    update(site, doc, values)
    return doc


def update(site: Site, doc: Doc, values: Mapping[str, Any]) -> None:
    """Put values into a document. The list given for a table replaces its rows; each of them is whole."""
    meta = site.meta(str(doc["doctype"]))
    for key, value in values.items():
        field = meta.by_name.get(key)
        if field is not None and field.table:
            doc[key] = _children(site, meta, field, value)
        elif key in meta.by_name or key in _KEPT:
            doc[key] = value


def insert(site: Site, doc: Doc, *, by_system: bool = False, name: str = "") -> Doc:
    """Store a new document and give it as stored. `name` is what it is called whatever the doctype's rule is."""
    meta = site.meta(str(doc["doctype"]))
    special = controller(meta.name)
    stamp = site.now()
    doc.update({"owner": site.user, "creation": stamp, "modified": stamp, "modified_by": site.user})
    doc["docstatus"] = int(doc.get("docstatus") or 0)
    doc["idx"] = doc.get("idx") or 0
    _stamp_children(doc, meta, stamp, site.user)
    special.prepare(site, doc, None)
    checks.links(site, doc, meta)
    if not by_system:
        permissions.require_write(site, meta.name, "create")
    doc["name"] = name or _name(site, doc, meta)
    special.validate(site, doc, None)
    _check(site, doc, meta)
    _free(site, meta.name, doc["name"])
    _write(site, doc, meta, None)
    for _, row in checks.rows_of(doc, meta):
        row["__unsaved"] = 1
    special.saved(site, doc, None)
    return doc


def save(site: Site, doc: Doc, *, original: Any = None) -> Doc:
    """Store a changed document and give it as stored.

    `original` is the `modified` that the caller read; it is compared as text. Raises TimestampMismatchError.
    """
    meta = site.meta(str(doc["doctype"]))
    special = controller(meta.name)
    permissions.require_write(site, meta.name, "write")
    stored = site.tables.get(meta.name, doc.get("name"))
    if stored is None:
        raise missing(meta.name, doc.get("name"))
    stamp = site.now()
    doc.update({"name": stored["name"], "modified": stamp, "modified_by": site.user})
    before = assemble(site, meta, stored)
    if original != stored["modified"] and not meta.head.issingle:
        text = (
            f"Error: Document has been modified after you have opened it ({stored['modified']}, {stamp}). "
            "Please refresh to get the latest document."
        )
        raise thrown("TimestampMismatchError", text)
    _stamp_children(doc, meta, stamp, site.user)
    transition(site, doc, before, meta)
    special.prepare(site, doc, before)
    checks.links(site, doc, meta)
    special.validate(site, doc, before)
    _check(site, doc, meta)
    checks.constants(doc, before, meta)
    _write(site, doc, meta, before)
    journal.record(site, doc, before, meta)
    special.saved(site, doc, before)
    return doc


def change(site: Site, doctype: str, name: Any, values: Mapping[str, Any]) -> Doc:
    """Load, change and save a document, as a PUT does: with `modified` among the values only if that is current."""
    doc = load(site, doctype, name)
    current = doc.get("modified")
    if site.meta(doctype).head.istable:
        return _change_row(site, doc, values)
    update(site, doc, values)
    return save(site, doc, original=values.get("modified", current))


def _change_row(site: Site, row: Doc, values: Mapping[str, Any]) -> Doc:
    """A child row alone: it is stored as it was given, then its document is saved and reckons anew. Recording 207."""
    parenttype, parent = str(row["parenttype"]), row["parent"]
    permissions.require_write(site, parenttype, "write")
    before = dict(row)
    update(site, row, values)
    meta = site.meta(str(row["doctype"]))
    if int(row.get("docstatus") or 0) == 1:
        frozen(row, before, meta)
    row.update({"modified": site.now(), "modified_by": site.user})
    site.tables.put(meta.name, site.columns(meta, row))
    whole = load(site, parenttype, parent)
    save(site, whole, original=whole["modified"])
    return row


def shown(doc: Doc, *, nulls: bool) -> Doc:
    """A document as an answer holds it; the REST resources leave null fields out, the client methods do not."""
    made: Doc = {}
    for key, value in doc.items():
        if isinstance(value, list):
            made[key] = [shown(row, nulls=nulls) for row in value]
        elif nulls or value is not None:
            made[key] = value
    tables = [key for key, value in made.items() if isinstance(value, list)]
    for key in ("doctype", *tables):  # they stand behind the columns
        if key in made:
            made[key] = made.pop(key)
    return made


def _default(site: Site, field: Field) -> Any:
    if field.default == "Today" and field.fieldtype == "Date":
        return site.now()[:10]
    if field.default is not None:
        return int(field.default) if field.fieldtype in ("Check", "Int") else field.default
    if field.name == "naming_series":
        return field.options.split("\n")[0]
    if field.fieldtype == "Link" and field.options == "Company" and field.name == "company":
        return next((str(row["name"]) for row in site.tables.all("Company")), None)  # the default of Global Defaults
    if field.fieldtype == "Link" and field.name in ("language", "country"):
        return site.setting("System Settings", field.name)  # system defaults go by the name of the field
    return None


def _children(site: Site, meta: DocType, field: Field, value: Any) -> list[Doc]:
    if value in (None, ""):
        return []
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise Refusal("AttributeError", f"'{type(value).__name__}' object has no attribute 'get'")
    child = site.meta(field.options)
    rows = []
    for idx, given in enumerate(value, 1):
        row: Doc = {each.name: _default(site, each) for each in child.columns}
        row.update({key: item for key, item in given.items() if key in row or key in _KEPT})
        row.update({"idx": idx, "parentfield": field.name, "parenttype": meta.name, "doctype": child.name})
        rows.append(row)
    return rows


def _stamp_children(doc: Doc, meta: DocType, stamp: str, user: str) -> None:
    for _, row in checks.rows_of(doc, meta):
        row.update({"modified": stamp, "modified_by": user, "docstatus": doc.get("docstatus") or 0})
        row["owner"] = row.get("owner") or user
        row["creation"] = row.get("creation") or doc["creation"]


def _check(site: Site, doc: Doc, meta: DocType) -> None:
    metas = {table.options: site.meta(table.options) for table in meta.tables}
    checks.mandatory(doc, meta, metas)
    whole = [(doc, meta, "", f"{meta.name} {doc['name']}")]
    for table, row in checks.rows_of(doc, meta):
        where = f"Row #{row['idx']}:"
        whole.append((row, metas[table.options], where, f"{table.options} {where[:-1]}"))
    for each, kind, _, _ in whole:
        checks.cast(each, kind)
        checks.data_fields(each, kind)
    for each, kind, where, _ in whole:
        checks.selects(each, kind, where)
    for each, kind, _, title in whole:
        checks.lengths(each, kind, title)
        checks.sanitise(each, kind)
        checks.complete(each, kind)
        checks.dates(each, kind)
    checks.unique(site, doc, meta)


def _name(site: Site, doc: Doc, meta: DocType) -> str:
    """The name that a new document gets. Raises NameError."""
    name = controller(meta.name).autoname(site, doc)
    auto = meta.head.autoname
    amended = doc.get("amended_from")
    if not name and amended:
        stem, dash, number = str(amended).rpartition("-")
        again = dash and number.isdigit() and site.value(meta.name, amended, "amended_from")
        name = f"{stem}-{int(number) + 1}" if again else f"{amended}-1"  # 193, 194
    if not name and auto == "naming_series:":
        name = site.next(str(doc.get("naming_series") or "") + ".#####")
    elif not name and auto.startswith("field:"):
        name = str(doc.get(auto[6:]) or "").strip()
        if not name:
            label = meta.by_name[auto[6:]].label
            raise thrown("ValidationError", f"{label} is required")
    elif not name and auto.lower() == "prompt":
        name = str(doc.get("__newname") or doc.get("name") or "").strip()
        if not name:
            raise thrown("ValidationError", "Please set the document name")
    name = (name or "").strip() or site.hash()
    if "<" in name or ">" in name:
        raise thrown("NameError", "Name cannot contain special characters like '<', '>'")
    return name


def _free(site: Site, doctype: str, name: str) -> None:
    """Raises DuplicateEntryError for a name that is taken: the database finds that, after all checks."""
    if site.exists(doctype, name):
        entry = f"IntegrityError(1062, \"Duplicate entry '{name}' for key 'PRIMARY'\")"
        noted = message(f"{doctype} <strong>{name}</strong> already exists", "Duplicate Name", indicator="red")
        raise Refusal("DuplicateEntryError", f"('{doctype}', '{name}', {entry})", [noted])


def _write(site: Site, doc: Doc, meta: DocType, before: Doc | None) -> None:
    row = site.columns(meta, doc)
    if before is not None:
        row["_user_tags"] = before.get("_user_tags")
    site.tables.put(meta.name, row)
    _as_stored(doc, row)
    for table in meta.tables:
        child = site.meta(table.options)
        had = {str(old["name"]): old for old in (before or {}).get(table.name, ())}
        kept = []
        for given in doc.get(table.name) or ():
            name = given.get("name")
            if name and before is not None and str(name) not in had:
                continue  # an UPDATE of a row that is not there
            if not name or before is None:
                given["name"] = site.hash()
                given["__unsaved"] = 1
            else:
                given.update({"creation": had[str(name)]["creation"], "owner": had[str(name)]["owner"]})
            given["parent"] = doc["name"]
            stored = site.columns(child, given)
            site.tables.put(child.name, stored)
            unsaved = {"__unsaved": 1} if given.get("__unsaved") else {}
            kept.append({**stored, "doctype": child.name, **unsaved})
            had.pop(str(name), None)
        for gone in had:
            site.tables.remove(child.name, gone)
        doc[table.name] = kept


def _as_stored(doc: Doc, row: Row) -> None:
    """Columns first, in the order of the table, then the rest."""
    rest = {key: value for key, value in doc.items() if key not in row}
    doc.clear()
    doc.update({key: value for key, value in row.items() if key != "_user_tags" or value})
    doc.update(rest)
