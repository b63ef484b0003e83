"""Products: a template with its one variant, which show the same; prices, units and barcodes."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bridge.sandbox.odoo.environment import COMPUTED, Environment
from bridge.sandbox.odoo.errors import UserError, ValidationError
from bridge.sandbox.odoo.importing import Importing
from bridge.sandbox.odoo.reading import named_as
from bridge.sandbox.odoo.store import Row

SHARED = ("name", "active", "type", "is_storable", "sale_ok", "purchase_ok", "list_price", "standard_price", "categ_id",
          "uom_id", "default_code", "barcode", "weight", "volume", "description", "description_sale", "taxes_id",
          "company_id")  # fmt: skip
UNITS = 1


def exact(number: Any) -> Decimal:
    """A stored number as what was meant: the shortest decimal that reads the same."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number or 0)


def rounded(number: Decimal, digits: int) -> float:
    """Rounded as Odoo does, halves away from zero."""
    return float(number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def digits_of(env: Environment, usage: str) -> int:
    """The digits of the decimal accuracy of that name; a site may change them."""
    name = {"quantity": "Product Unit" if env.version == "19" else "Product Unit of Measure"}.get(usage, usage)
    rows = env.store.tables["decimal.precision"].values()
    return next((int(row["digits"]) for row in rows if row["name"] == name), 2)


def currency_digits(env: Environment, currency: int | None) -> int:
    """The digits of a currency, by its rounding."""
    row = env.store.get("res.currency", currency or 0)
    step = exact(row["rounding"]) if row else Decimal("0.01")
    return max(0, -int(step.as_tuple().exponent)) if step < 1 else 0


def is_stocked(env: Environment, product: int | None) -> bool:
    """Whether stock of a product is counted."""
    row = env.store.get("product.product", product or 0)
    return bool(row and row["is_storable"] and row["type"] == "consu")


class _Both(Importing):
    """What template and variant have in common: a write on one is one on the other, and stamps both."""

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        if "lst_price" in vals:
            vals["list_price"] = vals.pop("lst_price")
        if "list_price" in vals and self._env.version == "18":  # 19 keeps what is given (347)
            vals["list_price"] = rounded(exact(float(vals["list_price"] or 0)), digits_of(self._env, "Product Price"))
        if not creating:
            self._check_unit(list(self._ids), vals)
        else:
            vals.setdefault("uom_id", UNITS)
            if vals.get("type") not in (None, "consu", "service", "combo"):
                raise ValueError(f"Wrong value for product.template.type: {vals['type']!r}")
        return vals

    def _check_unit(self, ids: list[int], vals: dict[str, Any]) -> None:
        """Goods that were moved keep their unit (addons/stock/models/product.py, ProductTemplate.write)."""
        store, table = self._env.store, self._env.store.tables[self._model.name]
        changed = [record for record in ids if "uom_id" in vals and table[record]["uom_id"] != vals["uom_id"]]
        variants = {
            pair[self._model.name == "product.template"] for pair in ids_of(self._env, self._model.name, changed)
        }
        if any(row["product_id"] in variants for row in store.tables["stock.move"].values()):
            raise UserError(
                "You cannot change the unit of measure as there are already stock moves for this product. If you "
                "want to change the unit of measure, you should rather archive this product and create a new one."
            )

    def _mirror(self, model: str, ids: list[int]) -> None:
        store = self._env.store
        for record, other in ids_of(self._env, self._model.name, ids):
            row = store.tables[self._model.name][record]
            values = {name: row[name] for name in SHARED}
            store.update(model, other, {**values, "write_date": store.stamp, "write_uid": self._env.uid})

    def _check_barcode(self, ids: list[int]) -> None:
        table = self._env.store.tables[self._model.name]
        for record in ids:
            code = table[record]["barcode"]
            others = [row for other, row in table.items() if code and other != record and row["barcode"] == code]
            if others:
                first = _named(others[0])
                raise ValidationError(
                    f'Barcode(s) already assigned:\n\n- Barcode "{code}" already assigned to product(s): {first} and '
                    f"{_named(table[record])}\n\nNote: products that you don't have access to will not be shown above."
                )


def ids_of(env: Environment, model: str, ids: list[int]) -> list[tuple[int, int]]:
    """Each record with its other half."""
    table = env.store.tables["product.product"]
    if model == "product.product":
        return [(record, table[record]["product_tmpl_id"]) for record in ids if table[record]["product_tmpl_id"]]
    return [
        (record, other) for record in ids for other in env.store.where("product.product", "product_tmpl_id", [record])
    ]


@named_as("ProductProduct")
class ProductProduct(_Both):
    """Variants."""

    def _created(self, ids: list[int], vals_list: list[dict[str, Any]]) -> None:
        store = self._env.store
        for record in ids:
            row = store.tables["product.product"][record]
            if row["product_tmpl_id"]:
                continue
            template = store.next_id("product.template")
            stamps = {name: row[name] for name in ("create_uid", "create_date", "write_uid", "write_date")}
            values = {name: row[name] for name in SHARED}
            store.put("product.template", template, {**store.models["product.template"].stored, **values, **stamps})
            store.update("product.product", record, {"product_tmpl_id": template})
        self._check_barcode(ids)

    def _apply_lists(self, record: int, lists: dict[str, Any]) -> None:
        super()._apply_lists(record, lists)
        self._mirror("product.template", [record])

    def _written(self, ids: list[int], vals: dict[str, Any]) -> None:
        if "barcode" in vals:
            self._check_barcode(ids)
        self._mirror("product.template", ids)


@named_as("ProductTemplate")
class ProductTemplate(_Both):
    """Templates; each gets a variant."""

    def _created(self, ids: list[int], vals_list: list[dict[str, Any]]) -> None:
        for record in ids:
            row = self._env.store.tables["product.template"][record]
            own = {name: row[name] for name in SHARED if name != "taxes_id" and row[name] is not None}
            own["taxes_id"] = [[6, 0, list(row["taxes_id"] or ())]]
            self._other("product.product")._create([{**own, "product_tmpl_id": record}])

    def _written(self, ids: list[int], vals: dict[str, Any]) -> None:
        self._mirror("product.product", ids)


def _named(row: Row) -> str:
    return f"[{row['default_code']}] {row['name']}" if row["default_code"] else str(row["name"])


def _quantities(env: Environment, record: int) -> tuple[Decimal, Decimal]:
    """On hand and reserved, in the location of the context or in all internal ones."""
    wanted = env.context.get("location")
    tables = env.store.tables
    on_hand, reserved = Decimal(0), Decimal(0)
    for row in tables["stock.quant"].values():
        place = tables["stock.location"].get(row["location_id"])
        inside = row["location_id"] == wanted if wanted else place is not None and place["usage"] == "internal"
        if row["product_id"] == record and inside:
            on_hand += exact(row["quantity"])
            reserved += exact(row["reserved_quantity"])
    return on_hand, reserved


COMPUTED.update(
    {
        ("product.product", "display_name"): lambda env, record, row: _named(row),
        ("product.template", "display_name"): lambda env, record, row: _named(row),
        ("product.product", "currency_id"): lambda env, record, row: 1,
        ("product.template", "currency_id"): lambda env, record, row: 1,
        ("product.product", "lst_price"): lambda env, record, row: row["list_price"],
        ("product.product", "qty_available"): lambda env, record, row: float(_quantities(env, record)[0]),
        ("product.product", "free_qty"): lambda env, record, row: float(
            _quantities(env, record)[0] - _quantities(env, record)[1]
        ),
        ("product.product", "virtual_available"): lambda env, record, row: float(_quantities(env, record)[0]),
    }
)
