"""Stock: quants, counts, transfers. What moves is booked between two places, and virtual ones hold the counterpart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridge.sandbox.odoo.environment import COMPUTED, Environment
from bridge.sandbox.odoo.errors import ValidationError
from bridge.sandbox.odoo.importing import Importing
from bridge.sandbox.odoo.products import digits_of, exact, is_stocked, rounded
from bridge.sandbox.odoo.reading import model_method, named_as
from bridge.sandbox.odoo.store import Row


class Ledger(Importing):
    """Books quantities into quants."""

    def _book(self, product: int, location: int, by: Decimal, reserved: Decimal = Decimal(0)) -> None:
        store = self._env.store
        found = self._quant(product, location)
        digits = digits_of(self._env, "quantity")
        if found is None:
            found = store.next_id("stock.quant")
            stamps = {"create_uid": self._env.uid, "create_date": store.stamp}
            row = {**store.models["stock.quant"].stored, "product_id": product, "location_id": location, **stamps}
            store.put("stock.quant", found, {**row, "company_id": 1})
        row = store.tables["stock.quant"][found]
        values = {
            "quantity": rounded(exact(row["quantity"]) + by, digits),
            "reserved_quantity": max(0.0, rounded(exact(row["reserved_quantity"]) + reserved, digits)),
            "write_date": store.stamp,
            "write_uid": self._env.uid,
        }
        store.update("stock.quant", found, values)

    def _quant(self, product: int, location: int) -> int | None:
        table = self._env.store.tables["stock.quant"]
        found = self._env.store.where("stock.quant", "product_id", [product])
        return next((one for one in found if table[one]["location_id"] == location), None)

    def _line(self, move: int) -> None:
        """What a move has moved, as a line that stays when the quants are cleared away."""
        row = self._env.store.tables["stock.move"][move]
        names = ("picking_id", "product_id", "location_id", "location_dest_id", "quantity", "date")
        made = self._other("stock.move.line")._create([{"move_id": move, **{name: row[name] for name in names}}])[0]
        self._env.store.update("stock.move.line", made, {"state": "done"})

    def _virtual(self, usage: str) -> int:
        rows = self._env.store.tables["stock.location"]
        return next(record for record, row in rows.items() if row["usage"] == usage)


@named_as("StockQuant")
class StockQuant(Ledger):
    """What lies where."""

    @model_method
    def create(self, vals_list: Any) -> Any:
        """In inventory mode the quant of that product and place is taken, whatever it holds; else a row of its own."""
        if not self._env.context.get("inventory_mode"):
            return super().create(vals_list)
        several = isinstance(vals_list, list)
        made = [self._counted(dict(vals)) for vals in (vals_list if several else [vals_list])]
        return made if several else made[0]

    def write(self, vals: Any) -> bool:
        """Change; `inventory_quantity_auto_apply` counts at once."""
        self._require_existing()
        given = dict(vals)
        counted = given.pop("inventory_quantity_auto_apply", None)
        if counted is not None:
            given |= {"inventory_quantity": counted}
        if "inventory_quantity" in given:
            given["inventory_quantity_set"] = True
        super().write(given)
        if counted is not None:
            self.action_apply_inventory()
        return True

    def action_apply_inventory(self) -> None:
        """Book the difference between what was counted and what was there."""
        store = self._env.store
        for record in self._existing():
            row = store.tables["stock.quant"][record]
            if not row["inventory_quantity_set"]:
                continue
            by = exact(row["inventory_quantity"]) - exact(row["quantity"])
            store.update("stock.quant", record, {"inventory_quantity": 0.0, "inventory_quantity_set": False})
            if not by:
                continue
            there, away = row["location_id"], self._virtual("inventory")
            self._book(row["product_id"], there, by)
            self._book(row["product_id"], away, -by)
            source, target = (away, there) if by > 0 else (there, away)
            self._note(row["product_id"], source, target, abs(by))

    @model_method
    def action_view_inventory(self) -> dict[str, Any]:
        """Opening the screen merges quants at nothing away (377)."""
        table = self._env.store.tables["stock.quant"]
        for record, row in list(table.items()):
            if not row["quantity"] and not row["reserved_quantity"]:
                self._env.store.put("stock.quant", record, None)
        return {"type": "ir.actions.act_window", "res_model": "stock.quant"}

    def _counted(self, vals: dict[str, Any]) -> int:
        product, location = vals.get("product_id"), vals.get("location_id")
        if not is_stocked(self._env, product):
            raise ValidationError("Quants cannot be created for consumables or services.")  # 379
        assert product
        assert location
        if self._quant(product, location) is None:
            self._book(product, location, Decimal(0))
        found = self._quant(product, location)
        assert found is not None
        values = {"inventory_quantity": float(vals.get("inventory_quantity") or 0), "inventory_quantity_set": True}
        self._env.store.update("stock.quant", found, {**values, "write_date": self._env.store.stamp})
        if "inventory_quantity_auto_apply" in vals:
            self._browse([found]).write({"inventory_quantity_auto_apply": vals["inventory_quantity_auto_apply"]})
        return found

    def _note(self, product: int, source: int, target: int, quantity: Decimal) -> None:
        values = {
            "name": "Product Quantity Updated",
            "product_id": product,
            "product_uom_qty": float(quantity),
            "quantity": float(quantity),
            "location_id": source,
            "location_dest_id": target,
            "is_inventory": True,
            "picked": True,
        }
        move = self._other("stock.move")._create([values])[0]
        self._env.store.update("stock.move", move, {"state": "done"})
        self._line(move)


@named_as("StockMove")
class StockMove(Importing):
    """Moves."""

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        for name in ("product_uom_qty", "quantity"):
            if name in vals:
                vals[name] = rounded(exact(float(vals[name] or 0)), digits_of(self._env, "quantity"))
        if creating and vals.get("product_id"):
            vals.setdefault("product_uom", self._env.path("product.product", vals["product_id"], "uom_id"))
            picking = self._env.store.get("stock.picking", vals.get("picking_id") or 0)
            if picking is not None:
                vals.setdefault("location_id", picking["location_id"])
                vals.setdefault("location_dest_id", picking["location_dest_id"])
                vals.setdefault("origin", picking["origin"])
        return vals


@named_as("StockLocation")
class StockLocation(Importing):
    """Places; the whole name is that of the place above and its own."""

    def _created(self, ids: list[int], vals_list: list[dict[str, Any]]) -> None:
        self._name(ids)

    def _written(self, ids: list[int], vals: dict[str, Any]) -> None:
        self._name(ids)

    def _name(self, ids: list[int]) -> None:
        table = self._env.store.tables["stock.location"]
        for record in ids:
            above = table.get(table[record]["location_id"] or 0)
            own = table[record]["name"]
            whole = f"{above['complete_name']}/{own}" if above else own
            self._env.store.update("stock.location", record, {"complete_name": whole})


def _inventory(env: Environment, record: int, row: Row) -> int | None:
    """The place where differences of a count are booked."""
    places = env.store.tables["stock.location"]
    return next((place for place, one in places.items() if one["usage"] == "inventory"), None)


COMPUTED.update(
    {
        ("product.product", "property_stock_inventory"): _inventory,
        ("product.template", "property_stock_inventory"): _inventory,
        ("stock.location", "display_name"): lambda env, record, row: str(row["complete_name"]),
        ("stock.quant", "display_name"): lambda env, record, row: f"stock.quant,{record}",
        ("stock.quant", "available_quantity"): lambda env, record, row: float(
            exact(row["quantity"]) - exact(row["reserved_quantity"])
        ),
    }
)
