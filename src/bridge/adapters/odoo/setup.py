"""Preparing a model: the place where bridge keeps its ids."""

from __future__ import annotations

from typing import Any

from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.layout import EXTERNAL
from bridge.adapters.odoo.models import Models
from bridge.ports.adapter import SetupStep
from bridge.ports.errors import BridgeError, PermissionDenied
from bridge.ports.records import ObjectSpec


def setup(client: Client, models: Models, spec: ObjectSpec, module: str, *, apply: bool) -> list[SetupStep]:
    """External ids need no field, only the right to keep them; a key field is made if it is not there."""
    models.forget(spec.object)
    described = models.of(spec.object)
    steps = [_external_ids(client, spec, module)] if spec.key == EXTERNAL else _key_field(client, models, spec, apply)
    for table in spec.tables:
        model = str(described.get(table.path, {}).get("relation") or "")
        if model:
            rows = ObjectSpec(spec.entity, model, table.key, ())
            steps += _key_field(client, models, rows, apply)
        else:
            steps.append(SetupStep(f"{spec.object}.{table.path}", "failed", "There are no rows of that name."))
    return steps


def _key_field(client: Client, models: Models, spec: ObjectSpec, apply: bool) -> list[SetupStep]:
    models.forget(spec.object)
    described = models.of(spec.object)
    what = f"{spec.object}.{spec.key}: text field for bridge's id, indexed, not copied"
    if spec.key in described:
        if described[spec.key].get("type") == "char":
            return [SetupStep(what, "present")]
        return [SetupStep(what, "needed", "There is a field of that name, but it is no text field.")]
    if not spec.key.startswith("x_"):
        return [SetupStep(what, "failed", f"{spec.key} is no name of a custom field: it must begin with x_.")]
    if not apply:
        return [SetupStep(what, "needed", "It is not there; `bridge setup` makes it.")]
    try:
        _make_field(client, spec)
    except BridgeError as error:
        return [SetupStep(what, "failed", f"{error.message}. Make it in Settings > Technical > Fields.")]
    models.forget(spec.object)
    return [SetupStep(what, "done")]


def _external_ids(client: Client, spec: ObjectSpec, module: str) -> SetupStep:
    what = f"{spec.object}: external ids {module}.* in ir.model.data"
    try:
        client.call("ir.model.data", "search_count", domain=[["module", "=", module], ["model", "=", spec.object]])
    except PermissionDenied:
        return SetupStep(what, "needed", "Give the integration user the right to read and write external ids.")
    return SetupStep(what, "present")


def _make_field(client: Client, spec: ObjectSpec) -> None:
    found: Any = client.call("ir.model", "search_read", domain=[["model", "=", spec.object]], fields=["id"], limit=1)
    values = {
        "model_id": int(found[0]["id"]),
        "name": spec.key,
        "field_description": "Bridge id",
        "ttype": "char",
        "copied": False,
        "index": True,
    }
    client.call("ir.model.fields", "create", positional=([values],), vals_list=[values], writing=True)
