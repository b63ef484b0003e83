"""Commands on lists of records: [0,x,vals] create, [1,id,vals] update, [2,id] delete, [3,id] unlink, [4,id] link,
[5] clear, [6,0,ids] set; also a bare list of ids for a many2many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sandbox.odoo.errors import MissingError
from bridge.sandbox.odoo.models import Field

if TYPE_CHECKING:
    from bridge.sandbox.odoo.writing import Writing


def apply_many2many(records: Writing, record: int, field: Field, commands: Any) -> tuple[int, ...]:
    """The new list of ids after the commands."""
    ids: list[int] = list(records._env.store.tables[records._model.name][record][field.name] or ())
    for command in _normal(commands):
        code, target, values = command
        if code == 0:
            ids.append(records._other(field.relation)._create([dict(values or {})])[0])
        elif code == 1:
            records._other(field.relation, [target])._write(dict(values or {}))
        elif code == 2:
            records._other(field.relation, [target])._unlink()
            ids = [item for item in ids if item != target]
        elif code == 3:
            ids = [item for item in ids if item != target]
        elif code == 4:
            ids.append(target)
        else:
            ids = list(values or ()) if code == 6 else []
    ids = list(dict.fromkeys(ids))
    table = records._env.store.tables[field.relation]
    for item in ids:
        if item not in table:
            raise MissingError(field.relation, item, records._env.uid)
    return tuple(ids)


def apply_one2many(records: Writing, record: int, field: Field, commands: Any) -> None:
    """Carry out the commands on the records at the other end."""
    other = records._other(field.relation)
    for command in _normal(commands):
        code, target, values = command
        if code == 0:
            other._create([{**(values or {}), field.inverse: record}])
        elif code == 1:
            _existing(records, field, target)._write(dict(values or {}))
        elif code == 2:
            _existing(records, field, target)._unlink()
        elif code == 3:
            _let_go(records, field, [target])
        elif code == 4:
            _existing(records, field, target)._write({field.inverse: record})
        else:
            _replace(records, record, field, list(values or ()) if code == 6 else [])


def _replace(records: Writing, record: int, field: Field, ids: list[int]) -> None:
    current = records._env.store.where(field.relation, field.inverse, [record])
    if gone := [item for item in current if item not in ids]:
        _let_go(records, field, gone)
    if new := [item for item in ids if item not in current]:
        _existing(records, field, *new)._write({field.inverse: record})


def _let_go(records: Writing, field: Field, ids: list[int]) -> None:
    """Take them out of the list; where they cannot be without their owner, they go (344)."""
    others = _existing(records, field, *ids)
    if records._env.store.models[field.relation].fields[field.inverse].required:
        others._unlink()
    else:
        others._write({field.inverse: False})


def _existing(records: Writing, field: Field, *ids: int) -> Writing:
    other: Writing = records._other(field.relation, ids)
    other._require_existing()
    return other


def _normal(commands: Any) -> list[tuple[int, Any, Any]]:
    """All forms as (code, id, value). Nothing at all clears the list."""
    if not commands:
        return [(5, 0, 0)] if commands in (False, None) else []
    if all(isinstance(item, int) for item in commands):
        return [(6, 0, list(commands))]
    normal = []
    for item in commands:
        code, target, value = (*item, 0, 0)[:3] if isinstance(item, (list, tuple)) else (4, item, 0)
        if code not in range(7):
            raise ValueError(f"Wrong value for a list of records: {item!r}")
        normal.append((code, target, value))
    return normal
