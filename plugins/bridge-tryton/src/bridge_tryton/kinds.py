"""What is particular about some models: how they are made, changed, moved and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridge.ports.errors import BridgeError, InDoubt, Rejected

from bridge_tryton import client as shapes
from bridge_tryton.client import Client
from bridge_tryton.drafts import Draft, Values
from bridge_tryton.layout import Layout, Row
from bridge_tryton.places import PRODUCT, SALE, TEMPLATE

Above = Mapping[str, Values]
"""Reference -> what is written to the record that it leads to."""


class Kind:
    """Any model: one call of `create`, `write` or `delete`."""

    def __init__(self, client: Client, layout: Layout) -> None:
        self.client, self.layout = client, layout

    def judge(self, draft: Draft, before: Row | None) -> None:
        """Look at a draft before anything is sent. Raises Rejected."""
        if draft.state is not None:
            raise self.refused("cannot be moved to a state")

    def complete(self, told: Mapping[int, tuple[Values, Draft]]) -> None:
        """Add what Tryton demands of new records and no mapping names."""

    def create(self, told: Sequence[tuple[Values, Above]], labels: Mapping[str, str]) -> list[int]:
        """Make records; their ids, in order."""
        values = [one for one, _ in told]
        made: list[int] = self.client.call(
            self.layout.model, "create", values, writing=True, answers=shapes.ids, labels=labels
        )
        return made

    def write(
        self, told: Sequence[tuple[Row, Values, Above]], context: Mapping[str, Any], labels: Mapping[str, str]
    ) -> None:
        """Change records, each in its own way, in one transaction."""
        pairs: list[Any] = []
        for row, values, _ in told:
            pairs += [[int(row["id"])], values]
        self.client.call(self.layout.model, "write", *pairs, writing=True, context=context, labels=labels)

    def steps(self, row: Row, state: str | None) -> tuple[str, ...]:
        """The buttons that lead a record into a state. Raises Rejected where none do."""
        return ()

    def press(self, button: str, ids: list[int], context: Mapping[str, Any]) -> None:
        """Press a button for several records, in one transaction."""
        self.client.call(self.layout.model, button, ids, writing=True, context=context)

    def delete(self, rows: Sequence[Row], context: Mapping[str, Any]) -> None:
        """Delete records."""
        ids = [int(row["id"]) for row in rows]
        self.client.call(self.layout.model, "delete", ids, writing=True, context=context)

    def refused(self, words: str, *fields: str) -> Rejected:
        """A refusal of our own."""
        return Rejected(f"{self.layout.model} {words}", fields=fields, system=self.client.system)


class Products(Kind):
    """A product is a variant of a template, and both are made and changed in one transaction, from the template."""

    def judge(self, draft: Draft, before: Row | None) -> None:
        super().judge(draft, before)
        if "code" in draft.own:
            draft.own["suffix_code"] = self._suffix(draft.own.pop("code"), before)
        if "active" in draft.own and before is not None and len(_template(before).get("products") or ()) == 1:
            draft.above.setdefault("template", {})["active"] = draft.own["active"]

    def _suffix(self, code: Any, before: Row | None) -> str | None:
        """A variant's code is that of its template with its own behind it."""
        prefix = str(_template(before or {}).get("code") or "")
        if not prefix:
            return str(code) if code else None
        if not code or not str(code).startswith(prefix):
            raise self.refused("has a code that begins with that of its template", "code")
        return str(code)[len(prefix) :] or None

    def complete(self, told: Mapping[int, tuple[Values, Draft]]) -> None:
        for values, draft in told.values():
            template = draft.above.setdefault("template", {})
            for name in [name for name in values if name.startswith("template.")]:
                template.setdefault(name.removeprefix("template."), values.pop(name))
            template.setdefault("type", "goods")
            if template.get("salable") and not template.get("sale_uom"):
                template["sale_uom"] = template.get("default_uom")

    def create(self, told: Sequence[tuple[Values, Above]], labels: Mapping[str, str]) -> list[int]:
        values = [{**above["template"], "products": [["create", [own]]]} for own, above in told]
        made: list[int] = self.client.call(TEMPLATE, "create", values, writing=True, answers=shapes.ids, labels=labels)
        try:
            rows = self.client.call(
                PRODUCT, "search_read", [["template", "in", made]], 0, None, None, ["template"], answers=shapes.rows
            )
        except BridgeError as error:
            words = f"made the products, but did not tell their ids: {error.message}"
            raise InDoubt(words, system=self.client.system) from None
        products = {int(row["template"]): int(row["id"]) for row in rows}
        return [products[one] for one in made]

    def write(
        self, told: Sequence[tuple[Row, Values, Above]], context: Mapping[str, Any], labels: Mapping[str, str]
    ) -> None:
        pairs: list[Any] = []
        for row, values, above in told:
            own = {"products": [["write", [int(row["id"])], values]]} if values else {}
            pairs += [[int(row["template"])], {**above.get("template", {}), **own}]
        self.client.call(TEMPLATE, "write", *pairs, writing=True, context=context, labels=labels)

    def delete(self, rows: Sequence[Row], context: Mapping[str, Any]) -> None:
        alone = [int(row["template"]) for row in rows if len(_template(row).get("products") or ()) == 1]
        others = [int(row["id"]) for row in rows if int(row["template"]) not in alone]
        if alone:
            self.client.call(TEMPLATE, "delete", alone, writing=True, context=context)
        if others:
            self.client.call(PRODUCT, "delete", others, writing=True, context=context)


class Sales(Kind):
    """A sale goes from state to state by buttons, and needs addresses and units that a person's screen fills in."""

    STEPS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
        "quotation": {"draft": ("quote",)},
        "confirmed": {"draft": ("quote", "confirm"), "quotation": ("confirm",)},
        "processing": {"draft": ("quote", "confirm"), "quotation": ("confirm",), "confirmed": ("process",)},
        "draft": {"quotation": ("draft",), "cancelled": ("draft",), "confirmed": ("draft",)},
        "cancelled": {"draft": ("cancel",), "quotation": ("cancel",)},
    }
    """State to be -> state that is -> buttons that lead there. Tryton goes on from confirmed by itself."""

    BEYOND: Final[Mapping[str, tuple[str, ...]]] = {"confirmed": ("processing", "done"), "processing": ("done",)}
    """State to be -> states that come after it: nothing is to be done."""

    def judge(self, draft: Draft, before: Row | None) -> None:
        if draft.state is not None and before is None:
            draft.state = None if draft.state == "draft" else draft.state
            if draft.state is not None:
                raise self.refused("is made as a draft", "state")

    def complete(self, told: Mapping[int, tuple[Values, Draft]]) -> None:
        drafts = [values for values, _ in told.values()]
        self._addresses(drafts)
        self._units([row for values in drafts for row in _made(values.get("lines"))])
        for values in drafts:
            values.setdefault("company", self.client.company)

    def write(
        self, told: Sequence[tuple[Row, Values, Above]], context: Mapping[str, Any], labels: Mapping[str, str]
    ) -> None:
        self._units([row for _, values, _ in told for row in _made(values.get("lines"))])
        moved = [values for _, values, _ in told if values.get("party")]
        for values in moved:
            values.setdefault("shipment_address", None)
            values.setdefault("invoice_address", None)
        self._addresses(moved)
        super().write(told, context, labels)

    def steps(self, row: Row, state: str | None) -> tuple[str, ...]:
        now = str(row.get("state"))
        if state is None or now == state or now in self.BEYOND.get(state, ()):
            return ()
        found = self.STEPS.get(state, {}).get(now)
        if found is None:
            raise self.refused(f"has no step from the state {now} to {state}", "state")
        return found

    def _addresses(self, sales: Sequence[Values]) -> None:
        """Those of the party, as the client's screen would fill them in: without one no sale is quoted."""
        parties = sorted({int(values["party"]) for values in sales if values.get("party")})
        if not parties:
            return
        names = ["party", "sequence", "invoice", "delivery"]
        rows = self.client.call(
            "party.address", "search_read", [["party", "in", parties], ["active", "=", True]], 0, None,
            [["sequence", "ASC NULLS FIRST"], ["id", "ASC"]], names, answers=shapes.rows,
        )  # fmt: skip
        for values in sales:
            own = [row for row in rows if row["party"] == values.get("party")]
            for name, mark in (("invoice_address", "invoice"), ("shipment_address", "delivery")):
                if own and not values.get(name):
                    values[name] = int(next((row for row in own if row.get(mark)), own[0])["id"])

    def _units(self, lines: Sequence[Values]) -> None:
        """The unit in which the product is sold, for lines that name none."""
        bare = [line for line in lines if line.get("product") and not line.get("unit")]
        if not bare:
            return
        products = sorted({int(line["product"]) for line in bare})
        names = ["sale_uom", "default_uom"]
        rows = self.client.call(
            PRODUCT, "search_read", [["id", "in", products]], 0, None, None, names, answers=shapes.rows
        )
        units = {int(row["id"]): row["sale_uom"] or row["default_uom"] for row in rows}
        for line in bare:
            line["unit"] = units.get(int(line["product"]))


def kind_of(client: Client, layout: Layout) -> Kind:
    """The kind that a model is of."""
    return {PRODUCT: Products, SALE: Sales}.get(layout.model, Kind)(client, layout)


def _template(row: Row) -> Mapping[str, Any]:
    found: Mapping[str, Any] = row.get("template.") or {}
    return found


def _made(commands: Any) -> list[Values]:
    """The rows that are made by the commands for a table."""
    return [row for command in commands or () if command[0] == "create" for row in command[1]]
