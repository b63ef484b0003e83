"""One database of the server: who may log in, and calls on its records, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bridge.sandbox.kernel import Clock
from bridge.sandbox.kernel.webhooks import Courier
from bridge.sandbox.odoo.automation import after_commit
from bridge.sandbox.odoo.environment import ADMINISTRATOR, Environment
from bridge.sandbox.odoo.errors import AccessDenied, MissingError
from bridge.sandbox.odoo.installation import LIMITED_LOGIN, Credentials, install
from bridge.sandbox.odoo.models import build_models
from bridge.sandbox.odoo.registry import records
from bridge.sandbox.odoo.store import Store

_INSTALLED = frozenset({"ir.model", "ir.model.fields", "res.country", "res.country.state"})
_SECRET = frozenset({"password"})


@dataclass(slots=True)
class Database:
    """A database by its name."""

    name: str
    version: str
    clock: Clock
    credentials: Credentials = field(repr=False)
    store: Store = field(init=False, repr=False)
    _installed: Store = field(init=False, repr=False)
    courier: Courier = field(default_factory=Courier, repr=False)

    def __post_init__(self) -> None:
        self._installed = Store(build_models(self.version), self.clock)
        install(self._installed, self.version, self.credentials)
        self.reset()

    def reset(self) -> None:
        """As freshly installed."""
        self.store = self._installed.copy()

    @contextmanager
    def transaction(
        self, uid: int, context: Mapping[str, Any] | None = None, su: bool = False
    ) -> Iterator[Environment]:
        """An environment whose writes happen all or not at all."""
        with self.store.transaction():
            yield Environment(self.store, self.version, uid, {}, su)
        for post in list(after_commit(self.store, self.store.written)):
            self.courier.send(post)

    def login(self, login: Any, password: Any) -> int | None:
        """The id of the user, or None for a wrong login or password. An API key stands in for a password."""
        for uid, row in self.store.tables["res.users"].items():
            if row["active"] and row["login"] == login and self._fits(uid, password):
                return uid
        return None

    def check(self, uid: int, password: Any) -> None:
        """Check the credentials of one call. Raises AccessDenied, or MissingError for a user that is not there."""
        if not password:
            raise AccessDenied
        row = self.store.get("res.users", uid)
        if row is None:
            raise MissingError("res.users", uid, uid)
        if not row["active"] or not self._fits(uid, password):
            raise AccessDenied

    def user_of_key(self, key: str) -> int | None:
        """The user of an API key."""
        return ADMINISTRATOR if key and key == self.credentials.api_key else None

    def _fits(self, uid: int, password: Any) -> bool:
        row = self.store.tables["res.users"][uid]
        return bool(password) and (password == row["password"] or self.user_of_key(password) == uid)

    def seed(self, entries: Sequence[Mapping[str, Any]]) -> list[int]:
        """Put records in as they come; `id` and `modified` are kept. An id that is there already is changed."""
        made = []
        with self.transaction(ADMINISTRATOR, su=True) as env:
            for entry in entries:
                model, record = entry["object"], entry.get("id")
                env.model(model)
                if record is not None and self.store.get(model, int(record)) is not None:
                    records(env, model, [int(record)])._write(dict(entry["values"]))
                else:
                    with self.store.next_as(model, None if record is None else int(record)):
                        record = records(env, model)._create([dict(entry["values"])])[0]
                if entry.get("modified"):
                    moment = datetime.fromisoformat(entry["modified"])
                    self.store.update(model, int(record), {"write_date": _naive(moment), "create_date": _naive(moment)})
                made.append(int(record))
        return made

    def user_edit(self, model: str, record: int, values: Mapping[str, Any]) -> None:
        """A person changes a record."""
        with self._person() as env:
            records(env, model, [record]).write(dict(values))

    def user_insert(self, model: str, values: Mapping[str, Any]) -> int:
        """A person makes a record."""
        with self._person() as env:
            made: int = records(env, model).create(dict(values))
            return made

    def user_delete(self, model: str, record: int) -> None:
        """A person deletes a record."""
        with self._person() as env:
            records(env, model, [record]).unlink()

    @contextmanager
    def _person(self) -> Iterator[Environment]:
        users = self.store.tables["res.users"].items()
        uid = next(record for record, row in users if row["login"] == LIMITED_LOGIN)
        with self.transaction(uid, su=True) as env:
            yield env

    def dump(self) -> dict[str, dict[str, Any]]:
        """All rows as stored, but for passwords, for countries and for the description of models."""
        return {
            model: {
                str(record): {name: _plain(value) for name, value in row.items() if name not in _SECRET}
                for record, row in table.items()
            }
            for model, table in self.store.tables.items()
            if model not in _INSTALLED
        }


def _naive(moment: datetime) -> datetime:
    offset = moment.utcoffset()
    return (moment - offset if offset else moment).replace(tzinfo=None)


def _plain(value: Any) -> Any:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value) if isinstance(value, date) else value
