"""Small tables by which values are written: countries, states, users, tags, currencies, languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.ports.errors import Rejected

_MODELS: Final = {
    "country.iso2": "res.country",
    "currency.code": "res.currency",
    "language.code": "res.lang",
    "unit.name": "uom.uom",
    "tax.name": "account.tax",
}
_FIELDS: Final = {
    "country.iso2": "code",
    "currency.code": "name",
    "language.code": "code",
    "unit.name": "name",
    "tax.name": "name",
}
_DOMAINS: Final[dict[str, list[Any]]] = {
    "tax.name": [["type_tax_use", "=", "sale"], ["active", "=", True]],
    "currency.code": [["active", "=", True]],
    "unit.name": [["active", "=", True]],
}


class Tables:
    """Looked up once and kept as long as the adapter lives; what is not found is asked for again, once in a batch."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._small: dict[str, dict[str, int]] = {}
        self._states: dict[int, dict[str, int]] = {}
        self._users: dict[str, list[int]] = {}
        self._tags: dict[tuple[str, str], int] = {}
        self._price_lists: dict[str, int] = {}
        self._own: set[str] = set()
        self._asked: set[str] = set()

    def begin(self) -> None:
        """A new batch: what was not there may be there now."""
        self._asked.clear()

    def small(self, table: str, code: str, path: str) -> int:
        """The id of a country, currency or language by its code. Raises Rejected."""
        if code not in self._small.get(table, {}) and table not in self._asked:
            field = _FIELDS[table]
            domain = _DOMAINS.get(table, [])
            rows = self._client.call(
                _MODELS[table], "search_read", domain=domain, fields=[field], order="id desc", answers=shapes.rows
            )
            self._asked.add(table)
            self._small[table] = {str(row[field]): int(row["id"]) for row in rows if row[field]}
        found = self._small.get(table, {}).get(code)
        if found is None:
            raise self._unknown(table, path)
        return found

    def stage(self, model: str, name: str, path: str) -> int:
        """The id of a stage by its name, the oldest where several have it. Raises Rejected."""
        if name not in self._small.get(model, {}) and model not in self._asked:
            rows = self._client.call(
                model, "search_read", domain=[], fields=["name"], order="id desc", answers=shapes.rows
            )
            self._asked.add(model)
            self._small[model] = {str(row["name"]): int(row["id"]) for row in rows if row["name"]}
        found = self._small.get(model, {}).get(name)
        if found is None:
            raise self._unknown("stage.name", path)
        return found

    def price_list(self, currency: str, path: str) -> int | None:
        """The price list that makes an order of this currency: the first; None where the company's own needs none.

        Raises Rejected where there is none: the order would be taken for one in another currency.
        """
        if "price lists" not in self._asked:
            shown: dict[str, Any] = {"currency_id": {"fields": {"name": {}}}}
            answer = self._client.call(
                "product.pricelist", "web_search_read", domain=[["active", "=", True]], specification=shown,
                order="id desc", answers=shapes.page,
            )  # fmt: skip
            self._price_lists = {str(row["currency_id"]["name"]): int(row["id"]) for row in answer["records"]}
            companies = self._client.call(
                "res.company", "web_search_read", domain=[], specification=shown, order="id", limit=1,
                answers=shapes.page,
            )  # fmt: skip
            self._own = {str(row["currency_id"]["name"]) for row in companies["records"]}
            self._asked.add("price lists")
        if currency in self._price_lists or currency in self._own:
            return self._price_lists.get(currency)
        words = f"has no price list in the currency {currency}, so no order in it can be kept there: make one ({path})"
        raise Rejected(words, fields=(path,), system=self._client.system)

    def learn_states(self, *, again: bool = False) -> None:
        """Countries and the states in them: all in one call, for a batch may name many countries.

        again: even if they are known, but for what this batch has asked already.
        """
        if "state.code" in self._asked or (self._states and not again):
            return
        specification: dict[str, Any] = {"code": {}, "state_ids": {"fields": {"code": {}}}}
        answer = self._client.call(
            "res.country", "web_search_read", domain=[], specification=specification, order="id", answers=shapes.page
        )
        self._small["country.iso2"] = {str(row["code"]): int(row["id"]) for row in answer["records"] if row["code"]}
        self._states = {
            int(row["id"]): {str(one["code"]): int(one["id"]) for one in row["state_ids"]} for row in answer["records"]
        }
        self._asked |= {"state.code", "country.iso2"}

    def state(self, country: int | None, code: str, path: str) -> int:
        """The id of a state: its code says nothing without the country. Raises Rejected."""
        if country is None:
            words = f"cannot tell a state without its country ({path})"
            raise Rejected(words, fields=(path,), system=self._client.system)
        if code not in self._states.get(country, {}):
            self.learn_states(again=True)
        found = self._states.get(country, {}).get(code)
        if found is None:
            raise self._unknown("state.code", path)
        return found

    def learn_users(self, addresses: Iterable[str]) -> None:
        """Look up users by their mail addresses or log-ins, in one call; unknown ones again, they may be there now."""
        wanted = sorted({one for one in addresses if not self._users.get(one)})
        if not wanted:
            return
        domain = ["|", ["email", "in", wanted], ["login", "in", wanted]]
        fields = ["email", "login", "active"]
        rows = self._client.call(
            "res.users", "search_read", domain=domain, fields=fields, order="id", answers=shapes.rows
        )
        for one in wanted:
            fitting = [row for row in rows if one in (row["email"], row["login"])]
            active = [row for row in fitting if row["active"]]  # who has left may have had the address before
            self._users[one] = [int(row["id"]) for row in active or fitting]

    def user(self, address: str, path: str) -> int:
        """The user with this address. Raises Rejected where there is none, or more than one."""
        if address not in self._users:
            self.learn_users([address])
        found = self._users.get(address, [])
        if len(found) != 1:
            words = "has no user with that address" if not found else "has several users with that address"
            raise Rejected(f"{words} ({path})", fields=(path,), system=self._client.system)
        return found[0]

    def learn_tags(self, model: str, names: Iterable[str]) -> None:
        """Look up tags by name, and make those that are not there."""
        wanted = sorted({name for name in names if (model, name) not in self._tags})
        if not wanted:
            return
        rows = self._client.call(
            model, "search_read", domain=[["name", "in", wanted]], fields=["name"], order="id desc", answers=shapes.rows
        )
        self._tags |= {(model, str(row["name"])): int(row["id"]) for row in rows}
        self._make_tags(model, [name for name in wanted if (model, name) not in self._tags])

    def tag(self, model: str, name: str, path: str) -> int:
        """The id of a tag that was learnt. Raises Rejected for one that Odoo did not take."""
        found = self._tags.get((model, name))
        if found is None:
            words = f"does not take a tag of that name ({path})"
            raise Rejected(words, fields=(path,), system=self._client.system)
        return found

    def _make_tags(self, model: str, names: list[str]) -> None:
        """Make them in one call; where one is refused, halves, until the bad one stands alone and is left out."""
        if not names:
            return
        values = [{"name": name} for name in names]
        try:
            made: Any = self._client.call(
                model, "create", positional=(values,), vals_list=values, writing=True, answers=shapes.ids
            )
        except Rejected:
            half = len(names) // 2
            if half:
                self._make_tags(model, names[:half])
                self._make_tags(model, names[half:])
            return
        self._tags |= {(model, name): int(number) for name, number in zip(names, made, strict=True)}

    def _unknown(self, table: str, path: str) -> Rejected:
        words = f"does not know the {table.partition('.')[0]} ({path})"
        return Rejected(words, fields=(path,), system=self._client.system)
