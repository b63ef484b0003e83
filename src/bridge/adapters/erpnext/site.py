"""What is read once of a site: its time zone and the small tables that references go through."""

from __future__ import annotations

import time
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bridge.adapters.erpnext.client import Client
from bridge.adapters.erpnext.settings import Settings
from bridge.ports.errors import PermissionDenied, Transient
from bridge.ports.records import ObjectSpec

TABLES = frozenset({
    "country.iso2", "currency.code", "user.email", "language.code", "state.code", "tag.name", "unit.name", "tax.name",
    "stage.name", "partner.name",
})  # fmt: skip

TABLE_AGE = 300.0
"""Seconds after which a word that is not in a table makes it be read again: a person may have been added since."""


class Site:
    """The site's time zone, countries and users, fetched when first needed.

    currency.code and language.code need no table: a Currency is named by its ISO 4217 code, a Language by its tag.
    state.code needs none either: an Address keeps the state as free text, which is given as it is.
    """

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._zone = ZoneInfo(settings.time_zone) if settings.time_zone else None
        self._tables: dict[str, dict[str, str] | None] = {}
        self._read_at: dict[str, float] = {}
        self._user: str | None = None

    def learn(self, specs: Sequence[ObjectSpec]) -> None:
        """Fetch at once what reading these objects will need."""
        _ = self.zone
        for table in sorted({field.ref for spec in specs for field in spec.fields if field.ref in TABLES}):
            self._table(table)

    @property
    def user(self) -> str:
        """The name of the user that the calls are made as, asked for once."""
        if self._user is None:
            self._user = str(self._client.ask("frappe.auth.get_logged_user").get("message") or "")
        return self._user

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which every stamp of the site is written, without saying so (recording 277)."""
        if self._zone is None:
            try:
                self._zone = ZoneInfo(str(self.told_zone()))
            except (KeyError, ValueError, OSError):
                words = "does not name a time zone that is known here; set time_zone in the configuration"
                raise Transient(words, system=self._client.system) from None
        return self._zone

    def told_zone(self) -> str | None:
        """The zone's name as the site tells it now."""
        answer = self._client.ask("frappe.client.get_time_zone").get("message")
        name = answer.get("time_zone") if isinstance(answer, dict) else None
        return str(name) if name else None

    def present(self, table: str, name: str) -> str:
        """What bridge shows for the document `name` of a table.

        The name itself where the table has no word for it: an unknown country is then seen as such by the mapping,
        and not taken for an empty one.
        """
        rows = self._table(table)
        return name if rows is None else rows.get(name, name)

    def accept(self, table: str, word: str) -> str | None:
        """The name of the document that `word` means, None if there is none."""
        rows = self._table(table)
        if rows is None:
            return word
        name = _named(rows, word)
        if name is None and time.monotonic() - self._read_at[table] >= TABLE_AGE:
            del self._tables[table]
            name = _named(self._table(table) or {}, word)
        return name

    def _table(self, table: str) -> dict[str, str] | None:
        """Document name -> what bridge shows for it; None where the name is that already."""
        if table not in self._tables:
            self._read_at[table] = time.monotonic()
            if table == "country.iso2":
                self._tables[table] = self._countries()
            elif table == "user.email":
                self._tables[table] = self._users()
            else:
                self._tables[table] = None
        return self._tables[table]

    def _countries(self) -> dict[str, str]:
        """Country.code is ISO 3166-1 in lower case (recording 115)."""
        rows = self._client.rows("Country", ["name", "code"])
        return {str(row["name"]): str(row["code"]).upper() for row in rows if row.get("code")}

    def _users(self) -> dict[str, str] | None:
        """A User is named by the e-mail address, but for the built-in ones."""
        try:
            rows = self._client.rows("User", ["name", "email"])
        except PermissionDenied:
            return None  # an integration user need not see the others; their names are addresses anyway
        return {str(row["name"]): str(row.get("email") or row["name"]) for row in rows}


def _named(rows: dict[str, str], word: str) -> str | None:
    return next((name for name, shown in rows.items() if shown.lower() == word.lower()), None)
