"""What the server checks in every document before it writes it, in its order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from bridge.sandbox.erpnext.doctypes import FRACTIONS, WHOLE, DocType, Field
from bridge.sandbox.erpnext.errors import Refusal, message, thrown
from bridge.sandbox.erpnext.site import Site

Doc = dict[str, Any]
_EMAIL = re.compile(r"[^@\s<>\"(),:;]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_PHONE = re.compile(r"([0-9 +_\-,.*#()]){1,20}")
_NUMBER = re.compile(r"\s*[-+]?\d+(\.\d+)?([eE][-+]?\d+)?\s*")
_SCRIPT = re.compile(r"<script\b.*?(</script\s*>|$)", re.IGNORECASE | re.DOTALL)
_ON_EVENT = re.compile(r"\son\w+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)


def rows_of(doc: Doc, meta: DocType) -> Iterator[tuple[Field, Doc]]:
    """All child rows of a document with the field that holds them."""
    for each in meta.tables:
        for row in doc.get(each.name) or ():
            yield each, row


def links(site: Site, doc: Doc, meta: DocType) -> None:
    """Correct the case of link values, fetch what depends on them. Raises LinkValidationError naming all bad ones."""
    wrong = [f"{label}: {value}" for label, value in _bad_links(site, doc, meta)]
    for table, row in rows_of(doc, meta):
        bad = _bad_links(site, row, site.meta(table.options))
        wrong += [f"Row #{row['idx']}: {label}: {value}" for label, value in bad]
    if wrong:
        raise thrown("LinkValidationError", f"Could not find {', '.join(wrong)}")
    for each in meta.fields:
        source, _, column = str(each.given.get("fetch_from") or "").partition(".")
        if column and doc.get(source):
            doc[each.name] = site.value(meta.by_name[source].options, doc[source], column)


def _bad_links(site: Site, doc: Doc, meta: DocType) -> Iterator[tuple[str, str]]:
    for each in meta.links:
        value = doc.get(each.name)
        if value in (None, ""):
            continue
        target = each.options if each.fieldtype == "Link" else str(doc.get(each.options) or "")
        if target == "DocType":
            if value not in site.catalogue:
                yield each.label, value
            continue
        row = site.tables.get(target, value)
        if row is None:
            yield each.label, str(value)
        else:
            doc[each.name] = row["name"]


def cast(doc: Doc, meta: DocType) -> None:
    """Numbers for number columns (what is none becomes 0), text for text columns, NULL for empty unique ones."""
    for each in meta.columns:
        value = doc.get(each.name)
        if isinstance(value, list):
            raise thrown("ValidationError", f"Value for {each.label} cannot be a list")
        if isinstance(value, dict):
            raise Refusal("TypeError", "dict can not be used as parameter")
        if each.numeric:
            doc[each.name] = None if value is None and each.fieldtype != "Check" else _number(each, value)
        elif isinstance(value, bool | int | float):
            doc[each.name] = str(int(value) if isinstance(value, bool) else value)
        elif value == "" and (each.has("unique") or each.fieldtype in ("Date", "Datetime", "Time")):
            doc[each.name] = None


def _number(each: Field, value: Any) -> float | int:
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value) else 0
    number = float(value or 0)
    if each.fieldtype == "Check":
        return int(bool(number))
    return int(number) if each.fieldtype in WHOLE else number


def complete(doc: Doc, meta: DocType) -> None:
    """Columns of numbers that may not be empty are 0."""
    for each in meta.columns:
        if doc.get(each.name) is None and each.fieldtype in WHOLE | FRACTIONS:
            doc[each.name] = 0.0 if each.fieldtype in FRACTIONS else 0


def mandatory(doc: Doc, meta: DocType, metas: Mapping[str, DocType]) -> None:
    """Raises MandatoryError with all fields that need a value."""
    missing = [(each, "") for each in _empty(doc, meta)]
    for table, row in rows_of(doc, meta):
        missing += [(each, f"Row #{row['idx']}") for each in _empty(row, metas[table.options])]
    if not missing:
        return
    noted = []
    for each, where in missing:
        label = f"{where}: Value missing for: {each.label}" if where else f"Value missing for {meta.name}: {each.label}"
        noted.append(message(f"Error: {label}"))
    names = ", ".join(each.name for each, _ in missing)
    raise Refusal("MandatoryError", f"[{meta.name}, {doc.get('name')}]: {names}", noted)


def _empty(doc: Doc, meta: DocType) -> Iterator[Field]:
    for each in meta.fields:
        value = doc.get(each.name)
        if each.has("reqd") and not each.numeric and (value in (None, [], ()) or not str(value).strip()):
            yield each


def data_fields(doc: Doc, meta: DocType) -> None:
    """Raises for e-mail addresses, phone numbers that are none."""
    for each in meta.columns:
        value = doc.get(each.name)
        if each.fieldtype != "Data" or not value:
            continue
        if each.options == "Email":
            for part in str(value).replace("\n", ",").split(","):
                _email(part.strip())
        elif each.options == "Phone" and not _PHONE.fullmatch(str(value).strip()):
            raise thrown("InvalidPhoneNumberError", f"{value} is not a valid Phone Number")
        elif each.options == "Name" and re.search(r"[^\w\s'.-]", str(value)):
            raise thrown("InvalidNameError", f"{value} is not a valid Name")


def _email(text: str) -> None:
    bare = re.sub(r"^.*<([^>]*)>$", r"\1", text)
    if bare and not _EMAIL.fullmatch(bare):
        raise thrown("InvalidEmailAddressError", f"{text} is not a valid Email Address")


def selects(doc: Doc, meta: DocType, where: str = "") -> None:
    """Raises ValidationError for a value that a Select does not offer."""
    for each in meta.columns:
        value = doc.get(each.name)
        if each.fieldtype != "Select" or not each.options or value in (None, "") or each.name == "naming_series":
            continue
        options = each.options.split("\n")
        if str(value) not in [option.strip() for option in options]:
            offered = '", "'.join(option for option in options if option)
            text = f'{where} {each.label} cannot be "{value}". It should be one of "{offered}"'
            raise thrown("ValidationError", text)


def lengths(doc: Doc, meta: DocType, title: str) -> None:
    """Raises CharacterLengthExceededError for a text that its column would cut."""
    for each in meta.columns:
        value = doc.get(each.name)
        if each.limit and isinstance(value, str) and len(value) > each.limit:
            text = (
                f"{title}: '<strong>{each.label}</strong>' ({value}) will get truncated, as max characters allowed is "
                f"{each.limit}"
            )
            raise thrown("CharacterLengthExceededError", text, "Value too big")


def dates(doc: Doc, meta: DocType) -> None:
    """Raises OperationalError, as the database does, for a date in another form than YYYY-MM-DD."""
    for each in meta.columns:
        value = doc.get(each.name)
        if each.fieldtype not in ("Date", "Datetime") or not value:
            continue
        try:
            parse = date.fromisoformat if each.fieldtype == "Date" else datetime.fromisoformat
            moment = parse(str(value))
        except ValueError:
            moment = None
        if moment is None and each.fieldtype == "Date" and not any(letter.isdigit() for letter in str(value)):
            raise thrown("ValidationError", f"<strong>{value}</strong> is not a valid date string.")  # 377
        if moment is None or getattr(moment, "tzinfo", None) is not None:
            kind = each.fieldtype.lower()
            column = f"`site`.`tab{meta.name}`.`{each.name}`"
            text = f"(1292, \"Incorrect {kind} value: '{value}' for column {column} at row 1\")"
            raise Refusal("OperationalError", text)


def sanitise(doc: Doc, meta: DocType) -> None:
    """Take scripts out of text that has markup."""
    for each in meta.columns:
        value = doc.get(each.name)
        if not isinstance(value, str) or "<" not in value or each.has("ignore_xss_filter"):
            continue
        if each.fieldtype in ("Data", "Small Text", "Text", "Long Text", "Text Editor", "HTML Editor", "Read Only"):
            doc[each.name] = _ON_EVENT.sub("", _SCRIPT.sub("", value))


def constants(doc: Doc, before: Doc, meta: DocType) -> None:
    """Raises CannotChangeConstantError where a field that is set only once has another value."""
    if doc.get("creation") != before.get("creation"):
        raise thrown("CannotChangeConstantError", "Value cannot be changed for <strong>Created On</strong>")
    for each in meta.columns:
        if each.has("set_only_once") and before.get(each.name) and doc.get(each.name) != before[each.name]:
            text = f"Value cannot be changed for <strong>{each.label}</strong>"
            raise thrown("CannotChangeConstantError", text)


def unique(site: Site, doc: Doc, meta: DocType) -> None:
    """Raises UniqueValidationError for a value that another document has."""
    for each in meta.uniques:
        value = doc.get(each.name)
        if value in (None, ""):
            continue
        holder = site.tables.holder(meta.name, each.name, value)
        if holder is not None and holder != doc["name"]:
            entry = f"IntegrityError(1062, \"Duplicate entry '{value}' for key '{each.name}'\")"
            text = f"('{meta.name}', '{doc['name']}', {entry})"
            raise Refusal("UniqueValidationError", text, [message(f"{each.label} must be unique")])
