"""Which class handles which model, which methods a client may call, and how a call's arguments reach them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bridge.sandbox.odoo.access import check_access
from bridge.sandbox.odoo.accounts import AccountMove, PurchaseOrder
from bridge.sandbox.odoo.environment import COMPUTED, Environment
from bridge.sandbox.odoo.errors import AccessError, ValidationError
from bridge.sandbox.odoo.importing import Importing, find_xmlid
from bridge.sandbox.odoo.models import Field
from bridge.sandbox.odoo.partner import ResPartner
from bridge.sandbox.odoo.products import ProductProduct, ProductTemplate
from bridge.sandbox.odoo.reading import model_method, named_as
from bridge.sandbox.odoo.sale_lines import SaleOrderLine
from bridge.sandbox.odoo.sales import SaleAdvancePaymentInv, SaleOrder
from bridge.sandbox.odoo.stock import StockLocation, StockMove, StockQuant
from bridge.sandbox.odoo.transfers import StockPicking

_ONLY = {"exists": "18", "check_access_rights": "18", "formatted_read_group": "19"}
_PRIVATE_19 = frozenset({"exists"})


@named_as("BaseModel")
class BaseModel(Importing):
    """A model without ways of its own."""


@named_as("ResUsers")
class ResUsers(Importing):
    """Users; each has a partner that bears its name."""

    @model_method
    def context_get(self) -> dict[str, Any]:
        """Language and time zone of the user: what clients put into their context."""
        env = self._env
        lang = env.path("res.users", env.uid, "partner_id.lang") or "en_US"
        return {"lang": lang, "tz": env.path("res.users", env.uid, "partner_id.tz") or False, "uid": env.uid}

    @model_method
    def has_group(self, group_ext_id: str) -> bool:
        """Whether the user is in a group."""
        found = find_xmlid(self._env, *group_ext_id.split(".", 1))
        row = self._env.store.tables["res.users"][self._env.uid]
        return bool(found and found[1] in row["group_ids" if self._env.version == "19" else "groups_id"])

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        if not creating:
            return vals
        if not vals.get("partner_id"):
            own: dict[str, Any] = {name: vals[name] for name in ("name", "email", "phone", "tz") if name in vals}
            vals["partner_id"] = self._other("res.partner")._create([{"name": vals.get("login"), **own}])[0]
        vals.setdefault("company_id", 1)
        vals.setdefault("company_ids", [[6, 0, [vals["company_id"]]]])
        return vals

    def _created(self, ids: list[int], vals_list: list[dict[str, Any]]) -> None:
        for record in ids:
            partner = self._env.store.tables["res.users"][record]["partner_id"]
            self._env.store.update("res.partner", partner, {"partner_share": False})


@named_as("ResCompany")
class ResCompany(Importing):
    """Companies; each has a partner."""

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        if creating:
            if not vals.get("partner_id"):
                own = {"name": vals.get("name"), "is_company": True}
                vals["partner_id"] = self._other("res.partner")._create([own])[0]
            vals.setdefault("currency_id", 1)
        return vals


@named_as("IrModelData")
class IrModelData(Importing):
    """External ids."""

    @model_method
    def check_object_reference(
        self, module: str, xml_id: str, raise_on_access_error: bool = False
    ) -> tuple[str, int | bool]:
        """Model and id behind an external id."""
        found = find_xmlid(self._env, module, xml_id)
        if found is None:
            raise ValueError(f"External ID not found in the system: {module}.{xml_id}")
        return found


@named_as("IrConfig_Parameter")
class IrConfigParameter(Importing):
    """System parameters."""

    @model_method
    def get_param(self, key: str, default: Any = False) -> Any:
        """A value by its key."""
        check_access(self._env, self._model.name, "read")
        rows = self._env.store.tables["ir.config_parameter"].values()
        return next((row["value"] for row in rows if row["key"] == key), default)

    @model_method
    def set_param(self, key: str, value: Any) -> Any:
        """Set a value; answers the one before. False removes it."""
        check_access(self._env, self._model.name, "write")
        ids = self._env.search_ids(self._model.name, [["key", "=", key]])
        old = self.get_param(key)
        if ids and value in (False, None):
            self._browse(ids)._unlink()
        elif ids:
            self._browse(ids)._write({"value": str(value)})
        elif value not in (False, None):
            self._create([{"key": key, "value": str(value)}])
        return old


@named_as("IrModelFields")
class IrModelFields(Importing):
    """Fields; one that is made by hand is there at once."""

    def _created(self, ids: list[int], vals_list: list[dict[str, Any]]) -> None:
        store = self._env.store
        for vals in vals_list:
            name = str(vals["name"])
            model = (
                store.models.get(store.tables["ir.model"][vals["model_id"]]["model"]) if vals.get("model_id") else None
            )
            if model is None or name in model.fields:
                continue
            if not name.startswith("x_"):
                raise ValidationError("Custom fields must have a name that starts with 'x_'!")
            made = Field(name, str(vals.get("ttype") or "char"), str(vals.get("field_description") or name))
            wider = replace(
                model,
                fields=dict(sorted({**model.fields, name: made}.items())),
                stored={**model.stored, name: made.empty},
            )
            store.models = {**store.models, model.name: wider}
            for record, row in list(store.tables[model.name].items()):
                store.tables[model.name][record] = {**row, name: made.empty}

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        if creating and vals.get("model_id") and not vals.get("model"):
            vals["model"] = self._env.store.tables["ir.model"][vals["model_id"]]["model"]
        return vals


_CLASSES: dict[str, type[Importing]] = {
    "res.partner": ResPartner,
    "res.users": ResUsers,
    "res.company": ResCompany,
    "ir.model.data": IrModelData,
    "ir.config_parameter": IrConfigParameter,
    "ir.model.fields": IrModelFields,
    "product.product": ProductProduct,
    "product.template": ProductTemplate,
    "sale.order": SaleOrder,
    "sale.order.line": SaleOrderLine,
    "sale.advance.payment.inv": SaleAdvancePaymentInv,
    "account.move": AccountMove,
    "purchase.order": PurchaseOrder,
    "stock.quant": StockQuant,
    "stock.picking": StockPicking,
    "stock.move": StockMove,
    "stock.location": StockLocation,
}

COMPUTED.update(
    {
        ("ir.model.data", "complete_name"): lambda env, record, row: (
            f"{row['module']}.{row['name']}" if row["module"] else row["name"]
        ),
        ("ir.model.data", "reference"): lambda env, record, row: f"{row['model']},{row['res_id']}",
        ("ir.model", "modules"): lambda env, record, row: "base",
        ("res.country.state", "display_name"): lambda env, record, row: (
            f"{row['name']} ({env.path('res.country', row['country_id'], 'code')})"
        ),
        ("res.partner.category", "display_name"): lambda env, record, row: (
            f"{env.display_name('res.partner.category', row['parent_id'])} / {row['name']}"
            if row["parent_id"]
            else row["name"]
        ),
    }
)


def records(env: Environment, model: str, ids: Iterable[Any] = ()) -> Any:
    """Records of a model. Raises UserError for an unknown model."""
    return _CLASSES.get(model, BaseModel)(env, env.model(model), ids)


class UnfittingArguments(TypeError):
    """The keywords of a call do not fit the parameters of the method."""


def find_method(env: Environment, model: str, name: str) -> Callable[..., Any]:
    """A public method. Raises AccessError for a private one and AttributeError for one that is not there."""
    env.model(model)
    if name.startswith("_") or (env.version == "19" and name in _PRIVATE_19):
        raise AccessError(f"Private methods (such as '{model}.{name}') cannot be called remotely.")
    method = getattr(_CLASSES.get(model, BaseModel), name, None)
    if method is None or _ONLY.get(name, env.version) != env.version:
        if env.version == "19":
            raise AttributeError(f"The method '{model}.{name}' does not exist")
        raise AttributeError(f"The method '{name}' does not exist on the model '{model}'")
    return method  # type: ignore[no-any-return]  # what is registered by name has no type


def takes_ids(method: Callable[..., Any]) -> bool:
    """Whether the method works on given records."""
    return bool(getattr(method, "takes_ids", True))


def call_kw(env: Environment, model: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call a method with positional arguments, the ids first where it works on records."""
    method = find_method(env, model, name)
    named = dict(kwargs)
    env = env.with_context(**(named.pop("context", None) or {}))
    env.check_context()
    positional = list(args)
    ids: Sequence[Any] = ()
    if takes_ids(method):
        ids = _ids(positional, env.version)
    elif name == "create" and not positional:
        _ids(positional, env.version)
    return method(records(env, model, ids), *positional, **named)


def call_named(env: Environment, model: str, name: str, ids: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call a method with keywords only, as JSON-2 does. Raises UnfittingArguments where they do not fit the method."""
    method = find_method(env, model, name)
    env.check_context()
    owner = records(env, model, ids)
    try:
        inspect.signature(method).bind(owner, **kwargs)
    except TypeError as error:
        raise UnfittingArguments(str(error)) from error
    return method(owner, **kwargs)


def _ids(positional: list[Any], version: str) -> Sequence[Any]:
    if not positional:
        raise IndexError("list index out of range" if version == "19" else "tuple index out of range")
    first = positional.pop(0)
    if isinstance(first, (list, tuple)):
        return first
    return [first] if first else []
