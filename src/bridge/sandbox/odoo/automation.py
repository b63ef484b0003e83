"""Automation rules that send webhooks, as Odoo 19 does: after the commit, one post for each record, no signature, no
second try, a second of time (recordings 304 to 313)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from bridge.sandbox.kernel.webhooks import Post
from bridge.sandbox.odoo.store import Row, Store

_STAMPS: Final = frozenset({"write_date", "write_uid", "create_date", "create_uid"})


def after_commit(store: Store, written: Mapping[tuple[str, int], Row | None]) -> Iterator[Post]:
    """What is sent of all that a transaction wrote. written: (model, id) -> the row before it."""
    rules = [row for row in store.tables["base.automation"].values() if row["active"]]
    for (model, record), before in written.items() if rules else ():
        now = store.get(model, record)
        for rule in rules:
            if _model_of(store, rule) == model and _triggered(store, rule, before, now):
                yield from _sent(store, rule, model, record, now or before or {})


def about(store: Store, model: str, record: int, *, genuine: bool) -> list[Post]:
    """What the first rule of a model would send of a record, which need not be there; forged: to a wrong address."""
    rules = [row for row in store.tables["base.automation"].values() if _model_of(store, row) == model][:1]
    row = store.get(model, record) or {"id": record, "write_date": store.clock.now().replace(tzinfo=None)}
    wrong = "" if genuine else "x"
    return [
        Post(f"{post.url}{wrong}", post.body, post.headers, post.what, post.timeout)
        for rule in rules
        for post in _sent(store, rule, model, record, row)
    ]


def _model_of(store: Store, rule: Row) -> str:
    owner = store.tables["ir.model"].get(rule["model_id"])
    return str(owner["model"]) if owner else ""


def _triggered(store: Store, rule: Row, before: Row | None, now: Row | None) -> bool:
    if rule["trigger"] == "on_unlink":
        return now is None and before is not None
    if now is None or rule["trigger"] not in ("on_create_or_write", "on_write", "on_create"):
        return False
    if before is None:
        return str(rule["trigger"]) != "on_write"
    watched = {store.tables["ir.model.fields"][one]["name"] for one in rule["trigger_field_ids"]}
    changed = {name for name in now if now[name] != before.get(name)} - _STAMPS
    return rule["trigger"] != "on_create" and bool(changed & watched if watched else changed)


def _sent(store: Store, rule: Row, model: str, record: int, row: Row) -> Iterator[Post]:
    for action_id, action in sorted(store.tables["ir.actions.server"].items()):
        if action["base_automation_id"] != _id_of(store, rule) or action["state"] != "webhook":
            continue
        body: dict[str, Any] = {"_action": f"{action['name']}(#{action_id})", "_id": record, "_model": model}
        for one in action["webhook_field_ids"]:
            name = store.tables["ir.model.fields"][one]["name"]
            body[name] = record if name == "id" else _plain(row.get(name))
        headers = {"Content-Type": "application/json", "User-Agent": "python-requests/2.31.0"}
        text = json.dumps(body, sort_keys=True).encode()
        yield Post(str(action["webhook_url"]), text, headers, f"{rule['trigger']} {model}", 1.0)


def _id_of(store: Store, rule: Row) -> int:
    return next(key for key, row in store.tables["base.automation"].items() if row is rule)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return False if value is None else list(value) if isinstance(value, tuple) else value
