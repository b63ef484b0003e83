"""Who asks, in which context, of which store: reading of a column, of a name, of a set of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.sandbox.odoo.domain import candidates, compile_domain, names_active, parse
from bridge.sandbox.odoo.errors import AccessError, UserError
from bridge.sandbox.odoo.models import Field, Model
from bridge.sandbox.odoo.ordering import sort_ids
from bridge.sandbox.odoo.store import Row, Store

Compute = Callable[["Environment", int, Row], Any]
COMPUTED: dict[tuple[str, str], Compute] = {}
"""Columns that are not stored, by (model, field): how they come about. Those without an entry read as empty."""

ADMINISTRATOR = 2
ROOT = 1


@dataclass(frozen=True, slots=True)
class Environment:
    """The surroundings of one call. `su`: the server itself acts, no rights are checked."""

    store: Store
    version: str
    uid: int = ROOT
    context: Mapping[str, Any] = field(default_factory=dict)
    su: bool = False

    def sudo(self) -> Environment:
        """The same, without checks of rights."""
        return replace(self, su=True)

    def with_context(self, **values: Any) -> Environment:
        """The same, with more context."""
        return replace(self, context={**self.context, **values})

    def model(self, name: str) -> Model:
        """A model by its name. Raises UserError for an unknown one, as execute_kw does."""
        found = self.store.models.get(name)
        if found is None:
            raise UserError(f"Object {name} doesn't exist")
        return found

    def check_context(self) -> None:
        """Refuse a language that is not installed, and companies that are not the user's."""
        language = self.context.get("lang")
        codes = {row["code"] for row in self.store.tables["res.lang"].values() if row["active"]}
        if language and language not in codes:
            raise UserError(f"Invalid language code: {language}")

    def check_companies(self) -> None:
        """Refuse `allowed_company_ids` outside the user's. Only models that look at companies ask."""
        user = self.store.get("res.users", self.uid)
        allowed = self.context.get("allowed_company_ids") or []
        if user and not set(allowed) <= set(user["company_ids"]):
            raise AccessError("Access to unauthorized or invalid companies.")

    def column(self, model: str, record: int, item: Field) -> Any:
        """The value of any field of a record, stored or not."""
        row = self.store.get(model, record)
        if item.name == "id":
            return record
        if row is None:
            return item.empty
        if item.type == "one2many":
            return self._one2many(item, record)
        if item.related:
            return self.path(model, record, item.related)
        if item.store:
            return row[item.name]
        if item.name == "display_name":
            return self.display_name(model, record)
        compute = COMPUTED.get((model, item.name))
        return compute(self, record, row) if compute else item.empty

    def path(self, model: str, record: int | None, dotted: str) -> Any:
        """The value at the end of a dotted path of many2one fields."""
        name, _, rest = dotted.partition(".")
        item = self.store.models[model].fields[name]
        value = self.column(model, record, item) if record else None
        return self.path(item.relation, value, rest) if rest else value

    def display_name(self, model: str, record: int) -> str:
        """What a many2one shows of a record."""
        row = self.store.get(model, record)
        if row is None:
            return ""
        if model == "res.partner":
            return str(row["complete_name"] or "")
        if compute := COMPUTED.get((model, "display_name")):
            return str(compute(self, record, row))
        definition = self.store.models[model]
        return str(self.column(model, record, definition.fields[definition.rec_name]) or f"{model},{record}")

    def search_ids(
        self,
        model: str,
        domain: Any,
        *,
        active_test: bool | None = None,
        order: str | None = None,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[int]:
        """Ids that match, in order. Archived records are hidden unless the context or the domain says otherwise."""
        definition = self.model(model)
        tree = parse(domain, self.version)
        test = self.context.get("active_test", True) if active_test is None else active_test
        matches = compile_domain(self, definition, tree)
        table = self.store.tables[model]
        found = [record for record in candidates(self, definition, tree) if matches(record, table[record])]
        if test and "active" in definition.fields and not names_active(tree):
            found = [record for record in found if table[record]["active"]]
        ordered = sort_ids(self, definition, found, order)
        return ordered[offset or 0 :][: limit or None]

    def descendants(self, model: str, roots: Iterable[int]) -> set[int]:
        """The records and all below them by parent_id."""
        return self._walk(roots, lambda record: self.store.where(model, "parent_id", [record]))

    def ancestors(self, model: str, roots: Iterable[int]) -> set[int]:
        """The records and all above them by parent_id."""

        def parents(record: int) -> list[int]:
            row = self.store.get(model, record)
            return [row["parent_id"]] if row and row["parent_id"] else []

        return self._walk(roots, parents)

    def _walk(self, roots: Iterable[int], following: Callable[[int], list[int]]) -> set[int]:
        found: set[int] = set()
        waiting = list(roots)
        while waiting:
            record = waiting.pop()
            if record not in found:
                found.add(record)
                waiting.extend(following(record))
        return found

    def _one2many(self, item: Field, record: int) -> tuple[int, ...]:
        """Ids of the records that point here, archived ones hidden, in the order of their model."""
        if not item.inverse or item.relation not in self.store.models:
            return ()
        definition = self.store.models[item.relation]
        if not self.store.is_indexed(item.relation, item.inverse):
            return ()
        found = self.store.where(item.relation, item.inverse, [record])
        if "active" in definition.fields and self.context.get("active_test", True):
            table = self.store.tables[item.relation]
            found = [other for other in found if table[other]["active"]]
        return tuple(sort_ids(self, definition, found, None))
