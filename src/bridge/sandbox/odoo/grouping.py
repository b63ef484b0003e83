"""read_group and formatted_read_group: counts and aggregates by the values of fields."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bridge.sandbox.odoo.access import check_access
from bridge.sandbox.odoo.models import Field
from bridge.sandbox.odoo.reading import model_method, named_as
from bridge.sandbox.odoo.values import to_json
from bridge.sandbox.odoo.writing import Writing

_FORMATS = {"day": "%d %b %Y", "week": "W%W %Y", "month": "%B %Y", "quarter": "%Y", "year": "%Y", "hour": "%H:00 %d %b"}
_NUMBERS = ("integer", "float", "monetary")


@named_as("BaseModel")
class Grouping(Writing):
    """Adds grouped reads."""

    @model_method
    def read_group(
        self,
        domain: Any,
        fields: Any,
        groupby: Any,
        offset: int = 0,
        limit: int | None = None,
        orderby: Any = False,
        lazy: bool = True,
    ) -> list[dict[str, Any]]:
        """The older form: lazy groups by the first field only."""
        wanted = [groupby] if isinstance(groupby, str) else list(groupby)
        used = wanted[:1] if lazy else wanted
        keys = {name.partition(":")[0] for name in used}
        aggregates = [term for term in fields or () if term.partition(":")[0] not in keys]
        rows = []
        for key, ids in self._groups(domain, used, offset, limit):
            row = {name: self._shown(name, value) for name, value in zip(used, key, strict=True)}
            row[f"{used[0].partition(':')[0]}_count" if lazy and used else "__count"] = len(ids)
            for term in aggregates:
                name, _, function = term.partition(":")
                if function or self._model.fields[name].type in _NUMBERS:
                    row[name] = self._aggregate(name, function or "sum", ids)
            own = [[name.partition(":")[0], "=", to_id(value)] for name, value in zip(used, key, strict=True)]
            row["__domain"] = _joined(list(domain or []), own)
            rows.append(row)
        return rows

    @model_method
    def formatted_read_group(
        self,
        domain: Any,
        groupby: Any = (),
        aggregates: Any = (),
        having: Any = (),
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[dict[str, Any]]:
        """The form of 19."""
        rows = []
        for key, ids in self._groups(domain, list(groupby), offset, limit):
            row = {name: self._shown(name, value) for name, value in zip(groupby, key, strict=True)}
            row["__extra_domain"] = [
                [name.partition(":")[0], "=", to_id(value)] for name, value in zip(groupby, key, strict=True)
            ]
            for term in aggregates:
                name, _, function = term.partition(":")
                row[term] = len(ids) if term == "__count" else self._aggregate(name, function, ids)
            rows.append(row)
        return rows

    def _groups(
        self, domain: Any, groupby: list[str], offset: int, limit: int | None
    ) -> list[tuple[tuple[Any, ...], list[int]]]:
        check_access(self._env, self._model.name, "read")
        groups: dict[tuple[Any, ...], list[int]] = {}
        for record in self._env.search_ids(self._model.name, domain, order="id"):
            key = tuple(self._group_value(name, record) for name in groupby)
            groups.setdefault(key, []).append(record)
        ordered = sorted(groups.items(), key=lambda item: [(value is None, str(value)) for value in item[0]])
        if not groupby and not ordered:
            ordered = [((), [])]
        return ordered[offset or 0 :][: limit or None]

    def _group_value(self, spec: str, record: int) -> Any:
        name, _, span = spec.partition(":")
        field = self._model.fields.get(name)
        if field is None:
            raise ValueError(f"Invalid field {name!r} on model {self._model.name!r}")
        value = self._env.column(self._model.name, record, field)
        if isinstance(value, (date, datetime)):
            return value.strftime(_FORMATS.get(span or "month", _FORMATS["month"]))
        return tuple(value) if field.is_list else value

    def _shown(self, spec: str, value: Any) -> Any:
        field = self._model.fields[spec.partition(":")[0]]
        if field.type == "many2one" and value:
            return [value, self._env.display_name(field.relation, value)]
        return to_json(field, value)

    def _aggregate(self, name: str, function: str, ids: list[int]) -> Any:
        field: Field | None = self._model.fields.get(name)
        if field is None:
            raise ValueError(f"Invalid field {name!r} on model {self._model.name!r}")
        values = [self._env.column(self._model.name, record, field) for record in ids]
        known = [value for value in values if value is not None]
        if function in ("count", "count_distinct"):
            return len(set(known)) if function == "count_distinct" else len(known)
        if function == "array_agg":
            return [to_json(field, value) for value in values]
        if not known:
            return False
        results: dict[str, Any] = {"max": max, "min": min, "sum": sum, "avg": lambda held: sum(held) / len(held)}
        if function not in results:
            raise ValueError(f"Invalid aggregate method {function!r} for {name}:{function}.")
        return to_json(field, results[function](known))


def to_id(value: Any) -> Any:
    """A group's value as a domain takes it."""
    return False if value is None else value


def _joined(domain: list[Any], own: list[Any]) -> list[Any]:
    count = len(domain) + len(own)
    return ["&"] * (count - 1) + domain + own if count > 1 else domain + own
