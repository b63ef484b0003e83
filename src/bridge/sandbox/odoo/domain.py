"""Search domains: parsing of the prefix notation with the errors of each version, and compiling to a predicate.

Datetimes compare differently: 18 compares stored microseconds with the literal, 19 compares whole seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.sandbox.odoo.comparison import OPERATORS, compare_column
from bridge.sandbox.odoo.models import Field, Model
from bridge.sandbox.odoo.store import Row

if TYPE_CHECKING:
    from bridge.sandbox.odoo.environment import Environment

Predicate = Callable[[int, Row], bool]
_HIERARCHY = ("child_of", "parent_of")
_NEGATIVE = {
    "!=": "=",
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not any": "any",
    "not =like": "=like",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A parsed domain: `kind` is "&", "|", "!" or "leaf"."""

    kind: str
    children: tuple[Node, ...] = ()
    leaf: tuple[Any, str, Any] = ("", "", None)


def parse(domain: Any, version: str) -> Node:
    """Parse a domain. Raises what Odoo of that version raises for a malformed one."""
    stack: list[Node] = []
    for item in reversed(list(domain or [])):
        if item == "!":
            stack.append(Node("!", (_pop(stack, domain),)))
        elif isinstance(item, str) and item in ("&", "|"):
            stack.append(Node(item, (_pop(stack, domain), _pop(stack, domain))))
        else:
            stack.append(_leaf(item, version))
    return Node("&", tuple(reversed(stack)))


def names_active(node: Node) -> bool:
    """Whether the domain itself asks about `active`: then archived records are not hidden."""
    return node.leaf[0] == "active" or any(names_active(child) for child in node.children)


def compile_domain(env: Environment, model: Model, node: Node) -> Predicate:
    """A predicate over (id, row) of a model."""
    if node.kind == "leaf":
        return _Leaf(env, model, node.leaf).predicate()
    parts = [compile_domain(env, model, child) for child in node.children]
    if node.kind == "!":
        return lambda record, row: not parts[0](record, row)
    if node.kind == "|":
        return lambda record, row: any(part(record, row) for part in parts)
    if len(parts) == 1:
        return parts[0]
    return lambda record, row: all(part(record, row) for part in parts)


def candidates(env: Environment, model: Model, node: Node) -> Iterable[int]:
    """The ids that can match at all: by an index where the domain demands an equality, else all."""
    table = env.store.tables[model.name]
    for child in node.children if node.kind == "&" else ():
        if child.kind == "&":
            found = candidates(env, model, child)
            if found is not table:
                return found
        column, operator, value = child.leaf
        values = [value] if operator == "=" else value if operator == "in" and isinstance(value, list) else None
        field = model.fields.get(column) if isinstance(column, str) else None
        if child.kind != "leaf" or values is None or field is None or not all(_is_key(field, item) for item in values):
            continue
        if column == "id":
            return [item for item in dict.fromkeys(values) if item in table]
        if env.store.is_indexed(model.name, column):
            return env.store.where(model.name, column, values)
    return table


def _is_key(field: Field, value: Any) -> bool:
    """Whether an index can be asked: a many2one compared with a text goes by names instead."""
    if field.type in ("integer", "many2one"):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)


def _pop(stack: list[Node], domain: Any) -> Node:
    if not stack:
        raise ValueError(f"Domain() malformed domain {domain!r}")
    return stack.pop()


def _leaf(item: Any, version: str) -> Node:
    if version == "18":
        if isinstance(item, str) and len(item) < 3:
            raise IndexError("string index out of range")
        left, operator, right = item  # a wrong length raises here as it does there
        if not isinstance(operator, str) or operator.lower() not in OPERATORS:
            raise ValueError(f"Invalid leaf {(left, operator, right)!r}")
        if operator in ("in", "not in") and not isinstance(right, (list, tuple, bool)):
            raise ValueError(f"Invalid domain term {(left, operator, right)!r}")
    else:
        if not isinstance(item, (list, tuple)) or len(item) != 3:
            raise ValueError(f"Domain() invalid item in domain: {item!r}")
        left, operator, right = item
        if not isinstance(operator, str) or operator.lower() not in OPERATORS:
            raise ValueError(f"Invalid operator in condition {(left, operator, right)!r}")
    if operator in ("in", "not in") and not isinstance(right, (list, tuple)):
        right = [right]
    return Node("leaf", leaf=(left, operator.lower(), right))


class _Leaf:
    """Compiles one condition."""

    def __init__(self, env: Environment, model: Model, leaf: tuple[Any, str, Any]) -> None:
        self.env, self.model = env, model
        self.left, self.operator, self.right = leaf

    def predicate(self) -> Predicate:
        """The condition as a predicate. Raises ValueError for an unknown field."""
        if self.left in (0, 1) or self.left is True:
            truth = self.left == self.right
            return lambda record, row: truth
        name, _, rest = str(self.left).partition(".")
        field = self.model.fields.get(name)
        if field is None:
            word = "leaf" if self.env.version == "18" else "condition"
            raise ValueError(
                f"Invalid field {self.model.name}.{name} in {word} {(self.left, self.operator, self.right)!r}"
            )
        if field.related:
            return self._sub(f"{field.related}{'.' + rest if rest else ''}", self.operator, self.right)
        if rest:
            return self._through(field, [[rest, self.operator, self.right]])
        if self.operator in ("any", "not any"):
            return self._through(field, self.right)
        if self.operator in _HIERARCHY:
            return self._hierarchy(field)
        if field.relation and (isinstance(self.right, str) or _has_text(self.right)):
            return self._by_name(field)
        return self._column(field)

    def _sub(self, left: str, operator: str, right: Any) -> Predicate:
        return _Leaf(self.env, self.model, (left, operator, right)).predicate()

    def _through(self, field: Field, domain: list[Any]) -> Predicate:
        """Records whose related records match. A negative operator on a path means: none of them, or no relation."""
        ids = set(self.env.search_ids(field.relation, domain, active_test=False))
        negative = self.operator == "not any"
        return self._holds(field, ids, negative)

    def _by_name(self, field: Field) -> Predicate:
        """A relation compared with text goes by the names of the related records."""
        operator = _NEGATIVE.get(self.operator, self.operator)
        if not self.right:
            return self._column(field)
        ids = set(self.env.search_ids(field.relation, [["display_name", operator, self.right]], active_test=False))
        return self._holds(field, ids, self.operator in _NEGATIVE)

    def _hierarchy(self, field: Field) -> Predicate:
        target = field.relation or self.model.name
        wanted = self.right if isinstance(self.right, (list, tuple)) else [self.right]
        roots = [item for item in wanted if isinstance(item, int) and item]
        if texts := [item for item in wanted if isinstance(item, str)]:
            roots += self.env.search_ids(target, [["display_name", "ilike", texts[0]]])
        ids = self.env.descendants(target, roots) if self.operator == "child_of" else self.env.ancestors(target, roots)
        if field.name == "id":
            return lambda record, row: record in ids
        return self._holds(field, ids, negative=False)

    def _holds(self, field: Field, ids: set[int], negative: bool) -> Predicate:
        if field.type == "many2one" and field.store:
            name = field.name
            return lambda record, row: (row[name] in ids) != negative
        read = self.env.column
        model = self.model.name

        def holds(record: int, row: Row) -> bool:
            value = read(model, record, field)
            found = value in ids if not field.is_list else any(item in ids for item in value or ())
            return found != negative

        return holds

    def _column(self, field: Field) -> Predicate:
        name, model = field.name, self.model.name
        if name == "id":
            test = compare_column(self.env.version, self.model, field, self.operator, self.right)
            return lambda record, row: test(record)
        if field.is_list:
            return self._list(field)
        if name == "display_name":
            field = self.model.fields["complete_name" if model == "res.partner" else self.model.rec_name]
        test = compare_column(self.env.version, self.model, field, self.operator, self.right)
        if field.store:
            column = field.name
            return lambda record, row: test(row[column])
        read = self.env.column
        return lambda record, row: test(read(model, record, field))

    def _list(self, field: Field) -> Predicate:
        """A list of ids: compared with ids, or with false for "none"."""
        wanted = self.right if isinstance(self.right, (list, tuple)) else [self.right]
        negative = self.operator in _NEGATIVE
        ids = {item for item in wanted if isinstance(item, int) and not isinstance(item, bool)}
        empty = not wanted or any(item is False or item is None for item in wanted)
        read, model = self.env.column, self.model.name
        none_wanted = empty and not (self.operator in ("in", "not in") and not wanted)

        def holds(record: int, row: Row) -> bool:
            value = read(model, record, field) or ()
            found = (none_wanted and not value) or any(item in ids for item in value)
            return found != negative

        return holds


def _has_text(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(item, str) for item in value)
