"""Small tables by which values are written: countries, states, users, tags, currencies, languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from bridge.adapters.odoo.client import Client
from bridge.ports.errors import Rejected

_MODELS: Final = {"country.iso2": "res.country", "currency.code": "res.currency", "language.code": "res.lang"}
_FIELDS: Final = {"country.iso2": "code", "currency.code": "name", "language.code": "code"}


class Tables:
    """Looked up once and kept as long as the adapter lives; what is not found is asked for again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._small: dict[str, dict[str, int]] = {}
        self._states: dict[int, dict[str, int]] = {}
        self._users: dict[str, list[int]] = {}
        self._tags: dict[tuple[str, str], int] = {}

    def small(self, table: str, code: str, path: str) -> int:
        """The id of a country, currency or language by its code. Raises Rejected."""
        if code not in self._small.get(table, {}):
            field = _FIELDS[table]
            rows = self._client.call(_MODELS[table], "search_read", domain=[], fields=[field], order="id")
            self._small[table] = {str(row[field]): int(row["id"]) for row in rows if row[field]}
        found = self._small[table].get(code)
        if found is None:
            raise self._unknown(table, path)
        return found

    def state(self, country: int | None, code: str, path: str) -> int:
        """The id of a state: its code says nothing without the country. Raises Rejected."""
        if country is None:
            words = f"cannot tell a state without its country ({path})"
            raise Rejected(words, fields=(path,), system=self._client.system)
        if code not in self._states.get(country, {}):
            domain = [["country_id", "=", country]]
            rows = self._client.call("res.country.state", "search_read", domain=domain, fields=["code"], order="id")
            self._states[country] = {str(row["code"]): int(row["id"]) for row in rows}
        found = self._states[country].get(code)
        if found is None:
            raise self._unknown("state.code", path)
        return found

    def learn_users(self, addresses: Iterable[str]) -> None:
        """Look up users by their mail addresses or log-ins, in one call; unknown ones again, they may be there now."""
        wanted = sorted({one for one in addresses if not self._users.get(one)})
        if not wanted:
            return
        domain = ["|", ["email", "in", wanted], ["login", "in", wanted]]
        rows = self._client.call("res.users", "search_read", domain=domain, fields=["email", "login"], order="id")
        for one in wanted:
            self._users[one] = [int(row["id"]) for row in rows if one in (row["email"], row["login"])]

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
            model, "search_read", domain=[["name", "in", wanted]], fields=["name"], order="id desc"
        )
        self._tags |= {(model, str(row["name"])): int(row["id"]) for row in rows}
        lacking = [{"name": name} for name in wanted if (model, name) not in self._tags]
        if lacking:
            made: Any = self._client.call(model, "create", positional=(lacking,), vals_list=lacking, writing=True)
            self._tags |= {(model, one["name"]): int(number) for one, number in zip(lacking, made, strict=True)}

    def tag(self, model: str, name: str) -> int:
        """The id of a tag that was learnt."""
        return self._tags[model, name]

    def _unknown(self, table: str, path: str) -> Rejected:
        words = f"does not know the {table.partition('.')[0]} ({path})"
        return Rejected(words, fields=(path,), system=self._client.system)
