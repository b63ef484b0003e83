"""What Odoo tells by automation rules, and what `bridge setup` makes there for it.

Odoo signs nothing, sends no id of the delivery and does not try again; its user waits for the answer, up to a second.
So it is known by an address nobody can guess, and told to send for mapped fields only: without `trigger_field_ids`, one
new partner is 13 calls (recording 308 and reference 7).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.layout import Layout
from bridge.adapters.odoo.models import Models
from bridge.adapters.odoo.settings import load
from bridge.ports.adapter import SetupStep
from bridge.ports.errors import BridgeError, NotFound, PermissionDenied
from bridge.ports.hints import Delivery, Heard, Hint, Receiver, Refusal
from bridge.ports.records import ObjectSpec

WAIT: Final = 0.3
"""Seconds until what was told is read: Odoo 18 tells inside its transaction, which ends when it has our answer."""
TEMPLATE: Final = "product.template"
"""Holds most fields of a product; which variants it is about is not told."""
PRODUCT: Final = "product.product"
ROWS: Final = frozenset({"stock.quant"})
"""Models whose rows are no records of bridge's: they are only told of as a whole."""
TRIGGERS: Final = ("on_create_or_write", "on_unlink")
TOLD: Final = ("id", "parent_id", "write_date")
"""Fields in the body: ids, and the stamp by which a repeated telling is known."""


def receiver(system: str, settings: Mapping[str, object]) -> Receiver | None:
    """Knows a call by the two secrets in its address."""
    found = load(system, settings)
    if found.webhook_path is None or found.webhook_token is None:
        return None
    path, token = found.webhook_path.get_secret_value(), found.webhook_token.get_secret_value()

    def hear(delivery: Delivery) -> Heard | Refusal:
        good = hmac.compare_digest(path.encode(), delivery.path.encode("utf-8", "replace"))
        good &= hmac.compare_digest(token.encode(), delivery.query.get("token", "").encode("utf-8", "replace"))
        return _understood(delivery.body) if good else "forged"

    return Receiver(hear, f"/{path}?token={token}")


def _understood(body: bytes) -> Heard | Refusal:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "unreadable"
    if not isinstance(said, dict) or not isinstance(said.get("_model"), str) or not _is_id(said.get("_id")):
        return "unreadable"
    model, record, stamp = said["_model"], said["_id"], said.get("write_date")
    delivery = f"{model}/{record}/{stamp}/{said.get('_action')}" if stamp else ""
    if model in ROWS:
        return Heard((Hint(model),), wait=WAIT)
    if model == TEMPLATE:
        return Heard((Hint(PRODUCT, delivery=delivery),), wait=WAIT)
    above = said.get("parent_id")  # the address of a customer is a partner below it
    ids = [record, *([above] if _is_id(above) else [])]
    return Heard(tuple(Hint(model, str(one), delivery) for one in ids), wait=WAIT)


def _first(value: Any) -> Any:
    """The id of a many2one, which is read as [id, name]."""
    return value[0] if isinstance(value, list | tuple) and value else value


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


class Installer:
    """Makes the automation rules of one system."""

    def __init__(self, client: Client, models: Models, layout: Callable[[ObjectSpec], Layout]) -> None:
        self._client, self._models, self._layout = client, models, layout

    def run(self, specs: Sequence[ObjectSpec], url: str, *, apply: bool) -> list[SetupStep]:
        """One rule for each model and trigger."""
        steps: list[SetupStep] = []
        for model, fields in self._watched(specs).items():
            for trigger in TRIGGERS:
                what = f"automation rule {trigger} of {model}"
                try:
                    steps.append(self._one(what, model, trigger, fields, url, apply=apply))
                except (NotFound, PermissionDenied):
                    needed = (
                        "Install the app Automation Rules (base_automation), and let an administrator run `bridge"
                        " setup`: the integration user may not make rules."
                    )
                    return [*steps, SetupStep(what, "needed", needed)]
                except BridgeError as error:
                    steps.append(SetupStep(what, "failed", error.message))
        return steps

    def _watched(self, specs: Sequence[ObjectSpec]) -> dict[str, set[str]]:
        """Model -> the stored fields of which a change is told."""
        found: dict[str, set[str]] = {}
        for spec in specs:
            named = {place.name for place in self._layout(spec).places} | {table.path for table in spec.tables}
            named |= {term.path.partition(".")[0] for term in spec.where} | {"active"}
            for model in (spec.object, *([TEMPLATE] if spec.object == PRODUCT else [])):
                described = self._models.of(model)
                fields = {name for name in named if described.get(name, {}).get("store")}
                found[model] = found.get(model, set()) | fields
        return found

    def _one(self, what: str, model: str, trigger: str, fields: set[str], url: str, *, apply: bool) -> SetupStep:
        name = f"bridge {self._client.system} {model} {trigger}"
        ids = self._field_ids(model, [*fields, *TOLD])
        watched = sorted(ids[one] for one in fields if one in ids) if trigger != "on_unlink" else []
        told = sorted(ids[one] for one in TOLD if one in ids)
        rules = self._read("base.automation", name, ["trigger", "active", "trigger_field_ids"])
        actions = self._read("ir.actions.server", name, ["webhook_url", "webhook_field_ids", "base_automation_id"])
        good = len(rules) == 1 and rules[0]["trigger"] == trigger and rules[0]["active"]
        good = good and sorted(rules[0]["trigger_field_ids"]) == watched
        sends = good and len(actions) == 1 and actions[0]["webhook_url"] == url
        sends = sends and _first(actions[0]["base_automation_id"]) == rules[0]["id"]
        sends = sends and sorted(actions[0]["webhook_field_ids"]) == told
        if good and sends:
            return SetupStep(what, "present")
        if not apply:
            return SetupStep(what, "needed", "`bridge setup` makes it, or sets it right.")
        rule = {"name": name, "trigger": trigger, "active": True, "trigger_field_ids": [[6, 0, watched]]}
        rule_id = self._save("base.automation", rules, {**rule, "model_id": self._model_id(model)})
        action = {"state": "webhook", "webhook_url": url, "webhook_field_ids": [[6, 0, told]]}
        belongs = {"name": name, "base_automation_id": rule_id, "usage": "base_automation"}
        self._save("ir.actions.server", actions, {**action, **belongs, "model_id": self._model_id(model)})
        return SetupStep(what, "done", "It was there and said something else." if rules else "")

    def _read(self, model: str, name: str, fields: list[str]) -> list[dict[str, Any]]:
        rows: Any = self._client.call(model, "search_read", domain=[["name", "=", name]], fields=fields, order="id")
        return list(rows)

    def _save(self, model: str, there: Sequence[Mapping[str, Any]], values: dict[str, Any]) -> int:
        if there:
            first = int(there[0]["id"])
            self._client.call(model, "write", [first], positional=(values,), vals=values, writing=True)
            return first
        made: Any = self._client.call(model, "create", positional=([values],), vals_list=[values], writing=True)
        return int(made[0] if isinstance(made, list) else made)

    def _model_id(self, model: str) -> int:
        found: Any = self._client.call(
            "ir.model", "search_read", domain=[["model", "=", model]], fields=["id"], limit=1
        )
        return int(found[0]["id"])

    def _field_ids(self, model: str, names: Sequence[str]) -> dict[str, int]:
        domain = [["model", "=", model], ["name", "in", sorted(set(names))]]
        rows: Any = self._client.call("ir.model.fields", "search_read", domain=domain, fields=["name"])
        return {str(row["name"]): int(row["id"]) for row in rows}
