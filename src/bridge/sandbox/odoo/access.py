"""Which groups may do what to which model, as far as users other than the administrator meet it."""

from __future__ import annotations

from bridge.sandbox.odoo.environment import ADMINISTRATOR, ROOT, Environment
from bridge.sandbox.odoo.errors import AccessError

_VERBS = {"read": "access", "write": "modify", "create": "create", "unlink": "delete"}
_ALL = frozenset(_VERBS)
_NONE: frozenset[str] = frozenset()
_READ = frozenset({"read"})
_INTERNAL_USER = {
    "res.partner": _ALL,
    "res.partner.category": _READ,
    "res.partner.title": _READ,
    "ir.config_parameter": _NONE,
    "ir.model.data": _NONE,
    "ir.module.module": _NONE,
}
_SETTINGS = {"ir.config_parameter", "ir.model", "ir.model.fields", "ir.model.data", "ir.module.module", "res.lang"}
_PARTNERS = {"res.partner", "res.partner.category", "res.partner.title", "res.country", "res.country.state"}


def allowed(env: Environment, model: str, operation: str) -> bool:
    """Whether the user may do this to records of a model."""
    if env.su or env.uid in (ADMINISTRATOR, ROOT):
        return True
    return operation in _INTERNAL_USER.get(model, _READ)


def check_access(env: Environment, model: str, operation: str) -> None:
    """Raises AccessError in the words of the server, which names the groups that may."""
    if allowed(env, model, operation):
        return
    label = env.model(model).label
    raise AccessError(
        f"You are not allowed to {_VERBS[operation]} '{label}' ({model}) records.\n\n"
        f"This operation is allowed for the following groups:\n\t- {_group(env.version, model)}\n\n"
        "Contact your administrator to request access if necessary."
    )


def _group(version: str, model: str) -> str:
    if model in _SETTINGS:
        return "Role / Administrator" if version == "19" else "Administration/Settings"
    if model in _PARTNERS:
        return "Contact / Creation" if version == "19" else "Extra Rights/Contact Creation"
    return "Access Rights" if version == "19" else "Administration/Access Rights"
