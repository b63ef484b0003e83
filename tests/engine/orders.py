"""An order between three systems, for the tests of rows, status, owners and control totals."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.engine.plan.due import Due, due_create, due_update
from bridge.mapping.load import compile_mapping
from bridge.ports.records import NativeValue
from support.build import Scene

SYSTEMS = {"crm": "memory", "erp": "memory", "fin": "memory"}

MAPPING = """
version: "1"
entity: order
systems: {crm: {object: Order}, erp: {object: sale}, fin: {object: Sales}}
identity: {key: {crm: K, erp: k, fin: key}, match: [{same: [number]}]}
defaults: {conflict: owner by status}
fields:
  number:     {crm: Number, erp: name, fin: po_no, conflict: newest}
  currency:   {crm: Cur, erp: currency, fin: currency, conflict: newest}
  order_date: {crm: Date, erp: date_order, fin: date, transform: {erp: day_in(Europe/Berlin)}}
  net_total:  {crm: Total, erp: amount, fin: net, control: yes, conflict: newest}
  status:
    crm: Status
    erp: state+delivery
    fin: docstatus
    transform: {erp: stages(pending)}
    conflict: newest
    values:
      draft:          {crm: Draft, erp: [draft, sent], fin: "0"}
      confirmed:      {crm: Activated, erp: [sale, sale + started], fin: "1"}
      partly shipped: {crm: Partly, erp: sale + partial, fin: "1x"}
      shipped:        {crm: Shipped, erp: sale + full, fin: "1y"}
      cancelled:      {crm: Cancelled, erp: cancel, fin: "2"}
    moves:
      draft: [confirmed, cancelled]
      confirmed: [partly shipped, shipped, cancelled]
      partly shipped: shipped
    owner: {draft: crm, confirmed: erp > fin, partly shipped: erp > fin, shipped: erp > fin}
rows:
  lines:
    table: {crm: Items, erp: lines, fin: items}
    key: {crm: Line_Key, erp: external id, fin: bridge_line}
    fields:
      description: {crm: Text, erp: name, fin: description, required: yes}
      quantity:    {crm: Qty, erp: qty, fin: qty, required: yes}
      unit_price:  {crm: Price, erp: price, fin: rate}
"""

NAMES = {
    "crm": {"number": "Number", "currency": "Cur", "net": "Total", "table": "Items", "text": "Text", "qty": "Qty",
            "price": "Price"},
    "erp": {"number": "name", "currency": "currency", "net": "amount", "table": "lines", "text": "name", "qty": "qty",
            "price": "price"},
    "fin": {"number": "po_no", "currency": "currency", "net": "net", "table": "items", "text": "description",
            "qty": "qty", "price": "rate"},
}  # fmt: skip
STATES = {
    "draft": {"crm": {"Status": "Draft"}, "erp": {"state": "draft", "delivery": None}, "fin": {"docstatus": "0"}},
    "confirmed": {"crm": {"Status": "Activated"}, "erp": {"state": "sale", "delivery": "pending"},
                  "fin": {"docstatus": "1"}},
    "shipped": {"crm": {"Status": "Shipped"}, "erp": {"state": "sale", "delivery": "full"}, "fin": {"docstatus": "1y"}},
    "cancelled": {"crm": {"Status": "Cancelled"}, "erp": {"state": "cancel", "delivery": None},
                  "fin": {"docstatus": "2"}},
}  # fmt: skip

Lines = Mapping[str, tuple[str | None, str | None, str | None]]


def order(
    system: str, lines: Lines, status: str = "draft", *, net: str | None = None, currency: str = "EUR"
) -> dict[str, NativeValue]:
    """An order as one system shows it. lines: key -> description, quantity, price."""
    names = NAMES[system]
    table = names["table"]
    values: dict[str, NativeValue] = {names["number"]: "SO1", names["currency"]: currency, names["net"]: net}
    values |= {"crm": {"Date": "2026-01-01"}, "erp": {"date_order": "2026-01-01T08:00:00Z"},
               "fin": {"date": "2026-01-01"}}[system]  # fmt: skip
    values |= STATES[status][system]
    values[table] = list(lines)
    for key, (text, quantity, price) in lines.items():
        values[f"{table}[{key}].{names['text']}"] = text
        values[f"{table}[{key}].{names['qty']}"] = quantity
        values[f"{table}[{key}].{names['price']}"] = price
    return values


def scene(text: str = MAPPING) -> Scene:
    return Scene(compile_mapping(text, SYSTEMS))


def agreed(lines: Lines, status: str = "draft", **more: str) -> Scene:
    """A scene in which all three systems show the same order."""
    found = scene()
    for system in SYSTEMS:
        found.says(system, order(system, lines, status, **more))
    return found


def due(scene: Scene, system: str) -> Due:
    shadow = scene.shadows.get(system)
    form = scene.form(system)
    return due_update(form, scene.golden, shadow) if shadow else due_create(form, scene.golden)


def rows(scene: Scene) -> dict[str, tuple[object, object, object]]:
    """The golden lines: key -> description, quantity, price."""
    values = scene.golden.values
    return {
        key: tuple(values.get(f"lines[{key}].{name}") for name in ("description", "quantity", "unit_price"))
        for key in values.get("lines") or []
    }
