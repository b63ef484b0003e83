"""What the org demands beyond what a field by itself can say: each subject has rules of its own."""

from __future__ import annotations

from typing import Protocol

from bridge.sandbox.salesforce.fields import SObject
from bridge.sandbox.salesforce.options import Setup
from bridge.sandbox.salesforce.order_rules import OrderRules
from bridge.sandbox.salesforce.pipeline_rules import PipelineRules
from bridge.sandbox.salesforce.price_rules import PriceRules
from bridge.sandbox.salesforce.stock_rules import StockRules
from bridge.sandbox.salesforce.store import Store, Values


class Subject(Protocol):
    """The rules of a few objects that belong together. before: the record as it was, None for a new one."""

    def complete(self, name: str, values: Values, changes: Values) -> None:
        """Fill in what is taken from elsewhere, before anything is found missing."""

    def judge(self, name: str, values: Values, changes: Values, before: Values | None, by: str) -> None:
        """Refuse what may not be, and derive what follows."""

    def settle(self, name: str, values: Values, before: Values | None, by: str) -> None:
        """What a saved record changes in others."""

    def deleting(self, name: str, values: Values) -> None:
        """Refuse to delete what has to stay."""


class Rules:
    """Judges changes of any object, and fills in what follows from them."""

    def __init__(self, store: Store, setup: Setup) -> None:
        self._store = store
        self._counts: dict[tuple[str, str], int] = {}
        self._subjects: tuple[Subject, ...] = (
            PriceRules(store),
            OrderRules(store, setup),
            StockRules(store),
            PipelineRules(store),
        )

    def fill(self, definition: SObject, values: Values) -> None:
        """Give a new record the numbers that the system counts up, and the defaults."""
        for field in definition.fields.values():
            if field.auto:
                values[field.name] = field.auto.format(self._next(definition.name, field.name))
            elif values.get(field.name) is None and field.default is not None:
                values[field.name] = field.default

    def _next(self, object_name: str, field_name: str) -> int:
        """Numbers that were given to records that were taken back leave a gap, as in the real one."""
        place = (object_name, field_name)
        self._counts[place] = self._counts.get(place, 0) + 1
        return self._counts[place]

    def complete(self, definition: SObject, values: Values, changes: Values) -> None:
        """Fill in what is taken from elsewhere, before anything is found missing."""
        for subject in self._subjects:
            subject.complete(definition.name, values, changes)

    def judge(self, definition: SObject, values: Values, changes: Values, before: Values | None, by: str) -> None:
        """Refuse what may not be, and derive what follows. before: the record as it was, None for a new one."""
        for subject in self._subjects:
            subject.judge(definition.name, values, changes, before, by)

    def settle(self, definition: SObject, values: Values, before: Values | None, by: str) -> None:
        """What a saved record changes in others."""
        for subject in self._subjects:
            subject.settle(definition.name, values, before, by)

    def deleting(self, definition: SObject, values: Values) -> None:
        """Refuse to delete what has to stay."""
        for subject in self._subjects:
            subject.deleting(definition.name, values)
