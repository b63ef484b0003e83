"""Lists: which rows, which columns, in which order. Child tables and linked documents are joined as asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.erpnext.collation import collate
from bridge.sandbox.erpnext.doctypes import CHILD, STANDARD, DocType
from bridge.sandbox.erpnext.errors import Refusal, thrown
from bridge.sandbox.erpnext.filters import Condition, decoded, moment, parse, test
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.erpnext.tables import Row

PAGE = 20
"""Rows of a list that names no limit."""
_COLUMN = re.compile(r"^(?:`?tab(?P<table>[^`.]+)`?\.|(?P<link>\w+)\.)?`?(?P<column>\w+|\*)`?$")
_CALL = re.compile(r"^(?P<call>count|sum|min|max|avg)\s*\(\s*(?P<of>[^()]*)\s*\)$", re.IGNORECASE)
_ALIAS = re.compile(r"^(?P<what>.+?)\s+as\s+[`'\"]?(?P<alias>\w+)[`'\"]?$", re.IGNORECASE)
_ILLEGAL = re.compile(r";|--|/\*|\b(select|drop|delete|update|insert|union|alter|create|sleep)\b", re.IGNORECASE)

_WORDS = frozenset({"Data", "Link", "Dynamic Link"})
"""Types of fields whose values are compared as text."""

Joined = Mapping[str, Row | None]
"""The rows of one line of the result: "" is the doctype's own, the others by child doctype or link field."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the result: which row it is of, its name, what it is called; `call` is an aggregate."""

    source: str
    name: str
    alias: str
    call: str = ""


class Query:
    """One list of one doctype. Rows that are not committed yet are not seen."""

    def __init__(self, site: Site, doctype: str, asked: Mapping[str, Any]) -> None:
        self._site = site
        self._meta = site.meta(doctype)
        self._sources: dict[str, DocType] = {"": self._meta}
        self._columns = self._fields(asked.get("fields") or ["name"])
        self._all = [self._test(each) for each in parse(asked.get("filters"), doctype)]
        self._conditions = parse(asked.get("filters"), doctype)
        self._any = [self._test(each) for each in parse(asked.get("or_filters"), doctype)]
        self._order = self._ordering(str(asked.get("order_by") or ""))
        self._groups = [self._column(part, "DataError") for part in _parts(str(asked.get("group_by") or ""))]
        self._start = _int(asked.get("limit_start"), 0)
        limit = asked.get("limit_page_length")
        self._limit = _int(limit if limit not in (None, "") else asked.get("limit"), PAGE)
        self._distinct = bool(asked.get("distinct"))

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the page."""
        found = [line for line in self._lines() if self._fits(line)]
        if any(column.call for column in self._columns) or self._groups:
            return self._page(self._grouped(found))
        for column, descending in reversed(self._order):
            found.sort(key=lambda line: _sort_key(line, column), reverse=descending)
        if self._distinct:
            rows = [self._shown(line) for line in found]
            return self._page(list({str(row): row for row in rows}.values()))
        return [self._shown(line) for line in self._page(found)]

    def count(self) -> int:
        """How many rows the filters take."""
        return sum(self._fits(line) for line in self._lines())

    def _page(self, rows: list[Any]) -> list[Any]:
        return rows[self._start : self._start + self._limit] if self._limit else rows[self._start :]

    def _fits(self, line: Joined) -> bool:
        for source, column, fits in self._all:
            row = line[source]
            if not fits(row.get(column) if row else None):
                return False
        if not self._any:
            return True
        return any(fits((line[source] or {}).get(column)) for source, column, fits in self._any)

    def _lines(self) -> Iterable[Joined]:
        children = [source for source in self._sources if source and source not in self._meta.by_name]
        links = [source for source in self._sources if source in self._meta.by_name]
        now = self._site.instant()
        for row in self._candidates():
            lines: list[dict[str, Row | None]] = [{"": row}]
            for source in links:
                target = self._meta.by_name[source].options
                lines[0][source] = self._site.tables.get(target, row.get(source)) if row.get(source) else None
            for source in children:
                under: list[Row | None] = [*self._site.tables.children(source, self._meta.name, row["name"], now)]
                under = under or [None]
                lines = [{**line, source: child} for line in lines for child in under]
            yield from lines

    def _candidates(self) -> Iterable[Row]:
        """The rows to look at: by name if the filters give names, under their parents if they give those."""
        site, doctype, now = self._site, self._meta.name, self._site.instant()
        if doctype in ("DocType", "DocField"):
            return self._described()
        for each in self._conditions:
            if each.doctype != doctype or each.operator not in ("=", "in") or each.value in (None, "", []):
                continue
            values = each.value if isinstance(each.value, list) else [each.value]
            if each.column == "name" and (isinstance(each.value, list) or each.operator == "="):
                return self._named(values, now)
        parents = self._parents(now)
        return site.tables.seen(doctype, now) if parents is None else self._named(parents, now)

    def _named(self, names: Iterable[Any], now: float) -> Iterable[Row]:
        """The rows of these names, each once."""
        each_once = {collate(str(name)): name for name in names}
        found = (self._site.tables.look(self._meta.name, name, now) for name in each_once.values())
        return sorted((row for row in found if row), key=lambda row: str(row["modified"]))

    def _parents(self, now: float) -> Iterable[str] | None:
        """The documents under which rows stand that fit a list of values (a Dynamic Link has such an index)."""
        for each in self._conditions:
            listed = each.value if each.operator == "in" and isinstance(each.value, list) else []
            if each.doctype == self._meta.name or not listed or not all(isinstance(one, str) and one for one in listed):
                continue
            field = self._site.meta(each.doctype).by_name.get(each.column)
            if field is None or field.fieldtype not in _WORDS:
                continue
            rows = self._site.tables.rows_with(each.doctype, each.column, listed, now)
            if rows is not None:
                return [str(row["parent"]) for row in rows if row.get("parenttype") == self._meta.name]
        return None

    def _described(self) -> Iterable[Row]:
        metas = [self._site.meta(name) for name in sorted(self._site.catalogue)]
        if self._meta.name == "DocType":
            return [meta.row() for meta in metas]
        return [row for meta in metas for row in meta.field_rows() if not row.get("is_custom_field")]

    def _shown(self, line: Joined) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for column in self._columns:
            row = line[column.source]
            shown[column.alias] = row.get(column.name) if row else None
        return shown

    def _grouped(self, found: list[Joined]) -> list[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[Joined]] = {}
        for line in found:
            key = tuple(_sort_key(line, column) for column in self._groups)
            groups.setdefault(key, []).append(line)
        if not self._groups and not groups:
            groups[()] = []
        return [
            {column.alias: _aggregate(column, lines) for column in self._columns}
            for _, lines in sorted(groups.items(), key=lambda pair: pair[0])
        ]

    def _fields(self, given: Any) -> list[Column]:
        fields = decoded(given) if isinstance(given, str) else given
        if isinstance(fields, str):
            fields = [fields]
        if isinstance(fields, dict):
            fields = list(fields)
        made: list[Column] = []
        for field in fields:
            text = str(field).strip()
            if text in ("*", f"`tab{self._meta.name}`.*"):
                made += [Column("", name, name) for name in _everything(self._meta)]
            elif text not in self._meta.by_name or not self._meta.by_name[text].table:
                made.append(self._field(text))
        return made or [Column("", "name", "name")]

    def _field(self, text: str) -> Column:
        alias = _ALIAS.match(text)
        what = alias["what"].strip() if alias else text
        call = _CALL.match(what)
        if call:
            of = call["of"].strip()
            inner = Column("", "name", "name") if of in ("*", "1") else self._column(of, "DataError")
            return Column(inner.source, inner.name, alias["alias"] if alias else what, call["call"].lower())
        column = self._column(re.sub(r"^distinct\s+", "", what, flags=re.IGNORECASE), "DataError")
        return Column(column.source, column.name, alias["alias"] if alias else column.alias)

    def _column(self, text: str, fault: str) -> Column:
        """A column by its name. Raises DataError if the doctype has none of it, as for a wildcard of a child."""
        found = _COLUMN.match(text.strip())
        if not found:
            raise thrown("DataError", f"Field not permitted in query: {text}")
        table, link, name = found["table"], found["link"], found["column"]
        source = self._join(table, link) if table or link else ""
        meta = self._sources.get(source)
        if meta is None or name not in meta.column_names:
            if fault == "OperationalError":
                raise Refusal("OperationalError", f"(1054, \"Unknown column '{text}' in 'order clause'\")")
            raise thrown("DataError", f"Field not permitted in query: {name}")
        return Column(source, name, name)

    def _join(self, table: str | None, link: str | None) -> str:
        if table == self._meta.name:
            return ""
        field = self._meta.by_name.get(link or "")
        if field is not None and field.fieldtype == "Link" and field.options in self._site.catalogue:
            self._sources[field.name] = self._site.meta(field.options)
            return field.name
        wanted = table or (field.options if field is not None and field.table else "")
        if any(each.options == wanted for each in self._meta.tables):
            self._sources[wanted] = self._site.meta(wanted)
            return wanted
        return "?"

    def _test(self, condition: Condition) -> tuple[str, str, Callable[[Any], bool]]:
        doctype = condition.doctype
        if doctype != self._meta.name:
            column = self._column(f"tab{doctype}.{condition.column}", "DataError")
        else:
            column = self._column(condition.column, "DataError")
        return column.source, column.name, test(self._sources[column.source], condition, column.name)

    def _ordering(self, text: str) -> list[tuple[Column, bool]]:
        if _ILLEGAL.search(text):
            raise thrown("ValidationError", "Illegal SQL Query")
        made = []
        aliases = {column.alias: column for column in self._columns}
        for part in _parts(text):
            words = part.rsplit(None, 1)
            descending = len(words) == 2 and words[1].lower() == "desc"
            name = words[0] if len(words) == 2 and words[1].lower() in ("asc", "desc") else part
            made.append((aliases.get(name) or self._column(name, "OperationalError"), descending))
        return made


def _everything(meta: DocType) -> list[str]:
    """The columns of "*": without those for tags and likes, which have to be named."""
    own = [each.name for each in meta.columns]
    return [*STANDARD, *(CHILD if meta.head.istable else ()), *own]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _int(value: Any, otherwise: int) -> int:
    if value in (None, ""):
        return otherwise
    try:
        return max(int(value), 0)
    except (TypeError, ValueError):
        return 0


def _sort_key(line: Joined, column: Column) -> tuple[int, Any]:
    row = line[column.source]
    value = row.get(column.name) if row else None
    if value is None:
        return (0, "")
    if isinstance(value, bool | int | float):
        return (1, float(value))
    if column.name in ("creation", "modified"):
        return (2, moment(value))
    return (2, collate(str(value)))


def _aggregate(column: Column, lines: list[Joined]) -> Any:
    values = [(line[column.source] or {}).get(column.name) for line in lines]
    if not column.call:
        return values[0] if values else None
    known = [value for value in values if value is not None]
    if column.call == "count":
        return len(known)
    if column.call in ("sum", "avg"):
        total = float(sum(known)) if known else None
        return total if column.call == "sum" or total is None else total / len(known)
    if not known:
        return None
    return min(known) if column.call == "min" else max(known)
