"""The methods of every model that write, and what happens behind them: conversion, commands, constraints, stamps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.sandbox.odoo.access import check_access
from bridge.sandbox.odoo.commands import apply_many2many, apply_one2many
from bridge.sandbox.odoo.constraints import check_constraints, check_deletion
from bridge.sandbox.odoo.errors import MissingError
from bridge.sandbox.odoo.models import STAMPS, Field
from bridge.sandbox.odoo.reading import Reading, model_method, named_as
from bridge.sandbox.odoo.values import to_column

Values = dict[str, Any]


@named_as("BaseModel")
class Writing(Reading):
    """Adds create, write, unlink and their kin."""

    @model_method
    def create(self, vals_list: Any) -> Any:
        """Make records; one dict gives one id, a list gives a list."""
        check_access(self._env, self._model.name, "create")
        if isinstance(vals_list, Mapping):
            return self._create([dict(vals_list)])[0]
        return self._create([dict(vals) for vals in vals_list])

    def write(self, vals: Any) -> bool:
        """Change all these records. With one of them missing nothing is changed."""
        check_access(self._env, self._model.name, "write")
        self._require_existing()
        self._write(dict(vals))
        return True

    def unlink(self) -> bool:
        """Delete these records, their external ids too."""
        check_access(self._env, self._model.name, "unlink")
        self._require_existing()
        self._unlink()
        return True

    def copy(self, default: Any = None) -> Any:
        """Duplicate: the name gets "(copy)"."""
        check_access(self._env, self._model.name, "create")
        self._require_existing()
        made = []
        for record in self._ids:
            row = self._env.store.tables[self._model.name][record]
            values = {name: value for name, value in row.items() if name not in STAMPS and self._is_copied(name)}
            given = {name: self._as_given(self._model.fields[name], value) for name, value in values.items()}
            if given.get(self._model.rec_name):
                given[self._model.rec_name] = f"{given[self._model.rec_name]} (copy)"
            made.extend(self._create([{**given, **(default or {})}]))
        return made

    @model_method
    def name_create(self, name: str) -> Any:
        """Make a record of a name alone."""
        check_access(self._env, self._model.name, "create")
        record = self._create([{self._model.rec_name: name}])[0]
        return [record, self._env.display_name(self._model.name, record)]

    def web_save(self, vals: Any, specification: Any, next_id: Any = None) -> Any:
        """Create or write, then read."""
        if self._ids:
            self.write(vals)
            return self.web_read(specification)
        return self._browse([self.create(vals)]).web_read(specification)

    def action_archive(self) -> None:
        """Archive."""
        self._set_active(False)

    def action_unarchive(self) -> None:
        """Bring back from the archive."""
        self._set_active(True)

    def toggle_active(self) -> None:
        """Archive those that are active and the other way round."""
        table = self._env.store.tables[self._model.name]
        active = [record for record in self._existing() if table[record]["active"]]
        archived = [record for record in self._existing() if not table[record]["active"]]
        self._browse(active)._set_active(False)
        self._browse(archived)._set_active(True)

    def _set_active(self, active: bool) -> None:
        table = self._env.store.tables[self._model.name]
        changing = [record for record in self._existing() if table[record]["active"] != active]
        self._browse(changing).write({"active": active})

    def _is_copied(self, name: str) -> bool:
        return name not in ("ref", "barcode", "login") and not self._model.fields[name].readonly

    def _as_given(self, field: Field, value: Any) -> Any:
        if field.type == "many2many":
            return [[6, 0, list(value)]]
        return value.strftime("%Y-%m-%d %H:%M:%S") if field.type == "datetime" and value else value

    def _require_existing(self) -> None:
        table = self._env.store.tables[self._model.name]
        for record in self._ids:
            if record not in table:
                raise MissingError(self._model.name, record, self._env.uid)

    def _create(self, vals_list: list[Values]) -> list[int]:
        """Insert without a check of rights; all in the running transaction."""
        store, name = self._env.store, self._model.name
        stamps = {
            "create_uid": self._env.uid,
            "create_date": store.stamp,
            "write_uid": self._env.uid,
            "write_date": store.stamp,
        }
        prepared = [self._with_defaults(self._prepare(dict(vals), creating=True)) for vals in vals_list]
        made, waiting = [], []
        for vals in prepared:
            columns, lists = self._convert(vals, creating=True)
            record = store.next_id(name)
            row = {**self._model.stored, **columns, **stamps}
            if "id" in row:
                row["id"] = record
            store.put(name, record, row)
            waiting.append(lists)
            made.append(record)
        self._created(made, prepared)
        for record, lists in zip(made, waiting, strict=True):
            self._apply_lists(record, lists)
        check_constraints(self._env, self._model, made, None)
        return made

    def _write(self, vals: Values) -> None:
        """Update without a check of rights. A write of nothing still stamps: clients see it as a change."""
        store, name = self._env.store, self._model.name
        vals = self._prepare(vals, creating=False)
        columns, lists = self._convert(vals, creating=False)
        columns |= {"write_uid": self._env.uid, "write_date": store.stamp}
        for record in self._ids:
            store.update(name, record, columns)
            self._apply_lists(record, lists)
        self._written(list(self._ids), vals)
        check_constraints(self._env, self._model, self._ids, set(vals))

    def _unlink(self) -> None:
        store, name = self._env.store, self._model.name
        check_deletion(self._env, self._model, self._ids)
        for model, column in store.references(name):
            if store.is_indexed(model.name, column):
                for record in store.where(model.name, column, self._ids):
                    store.update(model.name, record, {column: None})
        data = store.tables["ir.model.data"]
        for record in self._ids:
            for key in store.where("ir.model.data", "res_id", [record]):
                if data[key]["model"] == name:
                    store.put("ir.model.data", key, None)
            store.put(name, record, None)

    def _prepare(self, vals: Values, creating: bool) -> Values:
        """A model's own changes of values before they are converted."""
        return vals

    def _created(self, ids: list[int], vals_list: list[Values]) -> None:
        """What a model does after records were made."""

    def _written(self, ids: list[int], vals: Values) -> None:
        """What a model does after records were changed."""

    def _with_defaults(self, vals: Values) -> Values:
        defaults = {name: item.default for name, item in self._model.fields.items() if item.default is not None}
        prefix = "default_"
        for key, value in self._env.context.items():
            if key.startswith(prefix) and key.removeprefix(prefix) in self._model.fields:
                defaults[key.removeprefix(prefix)] = value
        return {**defaults, **vals}

    def _convert(self, vals: Values, creating: bool) -> tuple[Values, Values]:
        """Columns to store, and commands for lists. Stamps and the id are dropped silently."""
        columns: Values = {}
        lists: Values = {}
        for name, value in vals.items():
            field = self._model.fields.get(name)
            if field is None:
                raise self._unknown(name, creating)
            if name == "id" or name in STAMPS:
                continue
            if field.is_list:
                lists[name] = value
            elif field.related or field.store:
                columns[name] = to_column(field, self._model.name, value)
                self._require_target(field, columns[name])
        return self._split_related(columns, lists)

    def _split_related(self, columns: Values, lists: Values) -> tuple[Values, Values]:
        related = {name: value for name, value in columns.items() if self._model.fields[name].related}
        for name in related:
            del columns[name]
        if related:
            lists[""] = related
        return columns, lists

    def _unknown(self, name: str, creating: bool) -> Exception:
        if creating:
            return ValueError(f"Invalid field {name!r} in {self._model.name!r}")
        if self._env.version == "18":
            return ValueError(f"Invalid field {name!r} on model {self._model.name!r}")
        return KeyError(name)

    def _require_target(self, field: Field, value: Any) -> None:
        if field.type == "many2one" and value and value not in self._env.store.tables.get(field.relation, {}):
            raise MissingError(field.relation, value, self._env.uid)

    def _apply_lists(self, record: int, lists: Values) -> None:
        for name, commands in lists.items():
            if not name:
                self._write_related(record, commands)
                continue
            field = self._model.fields[name]
            if field.relation not in self._env.store.tables:
                continue
            if field.type == "one2many":
                apply_one2many(self, record, field, commands)
            elif field.store:
                ids = apply_many2many(self, record, field, commands)
                self._env.store.update(self._model.name, record, {name: ids})

    def _write_related(self, record: int, values: Values) -> None:
        """Writing a related field writes where it comes from."""
        for name, value in values.items():
            start, _, target = self._model.fields[name].related.partition(".")
            owner = self._env.store.tables[self._model.name][record][start]
            if owner:
                self._other(self._model.fields[start].relation, [owner])._write({target: value if value else False})

    def _other(self, model: str, ids: Iterable[int] = ()) -> Any:
        """Records of another model, as the server itself handles them."""
        from bridge.sandbox.odoo.registry import records

        return records(self._env.sudo(), model, ids)
