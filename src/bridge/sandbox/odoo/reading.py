"""The methods of every model that read: search, read, search_read, fields_get, name_search and their kin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from bridge.sandbox.odoo.access import allowed, check_access
from bridge.sandbox.odoo.environment import Environment
from bridge.sandbox.odoo.errors import UserError
from bridge.sandbox.odoo.models import Field, Model
from bridge.sandbox.odoo.ordering import sort_ids
from bridge.sandbox.odoo.values import to_json

_Method = TypeVar("_Method", bound=Callable[..., Any])
_Class = TypeVar("_Class", bound=type)


def model_method(method: _Method) -> _Method:
    """Mark a method that takes no ids: a call's arguments go straight into it."""
    method.takes_ids = False  # type: ignore[attr-defined]  # the mark is read where methods are registered
    return method


def named_as(name: str) -> Callable[[_Class], _Class]:
    """Let the methods of a class bear the name of a class of Odoo: Python puts it into the text of a TypeError."""

    def rename(cls: _Class) -> _Class:
        for attribute in vars(cls).values():
            if callable(attribute) and hasattr(attribute, "__qualname__"):
                attribute.__qualname__ = f"{name}.{attribute.__name__}"
        return cls

    return rename


@named_as("BaseModel")
class Reading:
    """A set of records. Public methods are what a client may call; their parameters are named as Odoo names them."""

    def __init__(self, env: Environment, model: Model, ids: Iterable[int] = ()) -> None:
        self._env, self._model = env, model
        self._ids: tuple[Any, ...] = tuple(ids)

    def _browse(self, ids: Iterable[int]) -> Any:
        return type(self)(self._env, self._model, ids)

    def _existing(self) -> list[int]:
        """The ids that are there. Texts and other oddities are no ids: such records are not there."""
        table = self._env.store.tables[self._model.name]
        return [record for record in self._ids if isinstance(record, int) and record in table]

    @model_method
    def search(self, domain: Any, offset: int = 0, limit: int | None = None, order: str | None = None) -> list[int]:
        """Ids that match."""
        check_access(self._env, self._model.name, "read")
        return self._env.search_ids(self._model.name, domain, order=order, offset=offset, limit=limit)

    @model_method
    def search_count(self, domain: Any, limit: int | None = None) -> int:
        """How many match, counted up to a limit."""
        check_access(self._env, self._model.name, "read")
        if self._model.name == "res.partner":
            self._env.check_companies()
        return len(self._env.search_ids(self._model.name, domain, order="id", limit=limit))

    @model_method
    def search_read(
        self,
        domain: Any = None,
        fields: Any = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        **read_kwargs: Any,
    ) -> list[dict[str, Any]]:
        """Search and read in one."""
        ids = self.search(domain or [], offset, limit, order)
        names = self._field_names(fields)
        rows: list[dict[str, Any]] = self._browse(ids)._read_format(names, **read_kwargs)
        return rows

    def read(self, fields: Any = None, load: str | None = "_classic_read") -> list[dict[str, Any]]:
        """Rows in the order of the ids, duplicates kept, missing ones dropped."""
        check_access(self._env, self._model.name, "read")
        rows: list[dict[str, Any]] = self._read_format(self._field_names(fields), load)
        return rows

    def _field_names(self, fields: Any) -> list[str]:
        names = list(dict.fromkeys(fields)) if fields else list(self._model.fields)
        for name in names:
            if name not in self._model.fields:
                raise ValueError(f"Invalid field {name!r} on {self._model.name!r}")
        return names

    def _read_format(self, fnames: list[str], load: str | None = "_classic_read") -> list[dict[str, Any]]:
        env, model = self._env, self._model.name
        items = [self._model.fields[name] for name in fnames if name != "id"]
        pairs = load == "_classic_read"
        names: dict[tuple[str, int], list[Any]] = {}
        rows = []
        for record in self._existing():
            row: dict[str, Any] = {"id": record}
            for item in items:
                value = env.column(model, record, item)
                if item.type == "many2one" and value and pairs:
                    key = (item.relation, value)
                    if key not in names:
                        names[key] = [value, env.display_name(*key)]
                    row[item.name] = names[key]
                elif item.is_list:
                    row[item.name] = self._list(item, value)
                elif item.name == "password":
                    row[item.name] = False
                else:
                    row[item.name] = to_json(item, value)
            rows.append(row)
        return rows

    def _list(self, item: Field, value: Any) -> list[int]:
        """Ids of an x2many in the order of their model, archived ones hidden."""
        ids = list(value or ())
        related = self._env.store.models.get(item.relation)
        if item.type == "one2many" or related is None:
            return ids
        table = self._env.store.tables[item.relation]
        ids = [record for record in ids if record in table]
        if "active" in related.fields and self._env.context.get("active_test", True):
            ids = [record for record in ids if table[record]["active"]]
        return sort_ids(self._env, related, ids, None) if len(ids) > 1 else ids

    @model_method
    def fields_get(self, allfields: Any = None, attributes: Any = None) -> dict[str, dict[str, Any]]:
        """What there is to know about fields."""
        names = [name for name in allfields if name in self._model.fields] if allfields else list(self._model.fields)
        found = {}
        for name in names:
            described = describe_field(self._model.fields[name])
            found[name] = {key: value for key, value in described.items() if not attributes or key in attributes}
        return found

    @model_method
    def default_get(self, fields: Any) -> dict[str, Any]:
        """Default values of the fields that have one; from the context first."""
        found = {}
        worked_out = self._worked_out_defaults()
        for name in fields or ():
            item = self._model.fields.get(name)
            given = self._env.context.get(f"default_{name}", worked_out.get(name))
            if item is not None and (given is not None or item.default is not None):
                found[name] = item.default if given is None else given
        return found

    def _worked_out_defaults(self) -> dict[str, Any]:
        """Defaults that are no constants."""
        return {}

    @model_method
    def name_search(
        self, name: str = "", domain: Any = None, operator: str = "ilike", limit: int | None = 100
    ) -> list[list[Any]]:
        """Pairs of id and display name whose name matches."""
        check_access(self._env, self._model.name, "read")
        terms = [["display_name", operator, name]] if name else []
        ids = self._env.search_ids(self._model.name, [*terms, *(domain or [])], limit=limit)
        return [[record, self._env.display_name(self._model.name, record)] for record in ids]

    def web_read(self, specification: dict[str, Any]) -> list[dict[str, Any]]:
        """Rows with nested rows, as the specification asks."""
        check_access(self._env, self._model.name, "read")
        names = self._field_names([name for name in specification if name != "id"] or ["id"])
        rows: list[dict[str, Any]] = self._read_format(names, "")
        for row in rows:
            for name, wanted in specification.items():
                item = self._model.fields[name]
                if item.relation and wanted and "fields" in wanted:
                    row[name] = self._nested(item, row[name], wanted)
        return rows

    def _nested(self, item: Field, value: Any, wanted: dict[str, Any]) -> Any:
        ids = value if item.is_list else [value] if value else []
        other = type(self)(self._env, self._env.model(item.relation), ids[: wanted.get("limit")])
        rows: list[dict[str, Any]] = other.web_read(wanted["fields"])
        if item.is_list:
            return rows
        return rows[0] if rows else False

    @model_method
    def web_search_read(
        self,
        domain: Any,
        specification: dict[str, Any],
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        count_limit: int | None = None,
    ) -> dict[str, Any]:
        """Nested rows, and how many there are in all."""
        ids = self.search(domain, offset, limit, order)
        total = len(self._env.search_ids(self._model.name, domain, order="id", limit=count_limit))
        return {"length": total, "records": self._browse(ids).web_read(specification)}

    def get_metadata(self) -> list[dict[str, Any]]:
        """Stamps and external ids."""
        rows = self._read_format(["create_uid", "create_date", "write_uid", "write_date"])
        data = self._env.store.tables["ir.model.data"]
        for row in rows:
            held = self._env.store.where("ir.model.data", "res_id", [row["id"]])
            known = [data[key] for key in held if data[key]["model"] == self._model.name]
            names = [{"xmlid": f"{item['module']}.{item['name']}", "noupdate": item["noupdate"]} for item in known]
            row["xmlid"] = names[-1]["xmlid"] if names else False
            row["noupdate"] = bool(names and names[-1]["noupdate"])
            row["xmlids"] = names
        return rows

    def has_access(self, operation: str) -> bool:
        """Whether the user may do this."""
        return allowed(self._env, self._model.name, operation)

    @model_method
    def check_access_rights(self, operation: str, raise_exception: bool = True) -> bool:
        """The older way to ask for a right; raises AccessError unless told otherwise."""
        if operation not in ("read", "write", "create", "unlink"):
            raise UserError(f"Invalid access mode: {operation}")
        if raise_exception:
            check_access(self._env, self._model.name, operation)
        return allowed(self._env, self._model.name, operation)

    def exists(self) -> list[int]:
        """The ids that are there; public on 18 only."""
        return self._existing()

    def get_external_id(self) -> dict[str, str]:
        """An external id for each record, or an empty text."""
        return {str(row["id"]): row["xmlid"] or "" for row in self.get_metadata()}


def describe_field(field: Field) -> dict[str, Any]:
    """The attributes of a field as fields_get gives them."""
    described: dict[str, Any] = {
        "type": field.type,
        "string": field.label,
        "name": field.name,
        "required": field.required,
        "readonly": field.readonly,
        "store": field.store,
        "searchable": field.store or bool(field.related) or field.name == "display_name",
        "sortable": field.store and not field.is_list,
        "groupable": field.store,
        "exportable": True,
        "manual": False,
        "depends": [],
        "company_dependent": False,
        "change_default": False,
    }
    if field.relation:
        described.update(relation=field.relation, domain=[], context={})
    if field.inverse:
        described["relation_field"] = field.inverse
    if field.related:
        described["related"] = field.related
    if field.type == "selection":
        described["selection"] = [list(choice) for choice in field.selection or ()]
    if field.type in ("char", "text", "html"):
        described.update(translate=False, trim=True)
    if field.type == "monetary":
        described["currency_field"] = "currency_id"
    return described
