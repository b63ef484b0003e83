"""Small tables: what a mapping calls by a code or a name, Tryton by a number. Learnt once for each run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from bridge.ports.errors import Rejected

from bridge_tryton import client as shapes
from bridge_tryton.client import Client

_TABLES: Final = {
    "country.iso2": ("country.country", "code"),
    "currency.code": ("currency.currency", "code"),
    "language.code": ("ir.lang", "code"),
    "state.code": ("country.subdivision", "code"),
    "unit.name": ("product.uom", "name"),
    "tax.name": ("account.tax", "name"),
    "tag.name": ("party.category", "name"),
    "user.email": ("res.user", "email"),
}
"""Table of a mapping -> the model and the field that stands for a record of it."""


class Tables:
    """The small tables of one system. A word that is not known is asked for once more in each batch: somebody may have
    made it meanwhile."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, dict[str, int]] = {}
        self._fresh: set[str] = set()

    def begin(self) -> None:
        """A new batch."""
        self._fresh.clear()

    def number(self, ref: str, word: str, path: str, *, country: str | None = None) -> int:
        """The id that a word stands for. Raises Rejected for one that Tryton does not have.

        country: of a state, whose code says nothing without it.
        """
        if ref not in _TABLES:
            raise Rejected(f"cannot be told {ref} ({path})", fields=(path,), system=self._client.system)
        if ref == "state.code":
            if not country:
                words = f"cannot tell a state without its country ({path})"
                raise Rejected(words, fields=(path,), system=self._client.system)
            word = word if word.startswith(f"{country}-") else f"{country}-{word}"
        if ref == "language.code":
            word = word.replace("-", "_")
        found = self._table(ref).get(word)
        if found is None and ref not in self._fresh:
            self._known.pop(ref, None)
            found = self._table(ref).get(word)
        if found is None:
            words = f"does not know the {ref.partition('.')[0]} ({path})"
            raise Rejected(words, fields=(path,), system=self._client.system)
        return found

    def tags(self, names: Iterable[str]) -> list[int]:
        """The ids of categories; those that are not there are made."""
        wanted = sorted(set(names))
        lacking = [name for name in wanted if name not in self._table("tag.name")]
        if lacking:
            self._known.pop("tag.name", None)
            lacking = [name for name in lacking if name not in self._table("tag.name")]
        if lacking:
            values = [{"name": name} for name in lacking]
            made = self._client.call("party.category", "create", values, writing=True, answers=shapes.ids)
            self._table("tag.name").update(zip(lacking, made, strict=True))
        return [self._table("tag.name")[name] for name in wanted]

    def _table(self, ref: str) -> dict[str, int]:
        if ref not in self._known:
            model, field = _TABLES[ref]
            rows: list[dict[str, Any]] = self._client.call(
                model, "search_read", [], 0, None, [["id", "DESC"]], [field], answers=shapes.rows
            )
            self._known[ref] = {str(row[field]): int(row["id"]) for row in rows if row.get(field)}
            self._fresh.add(ref)
        return self._known[ref]
