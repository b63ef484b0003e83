"""An org in memory in place of the calls: for what depends on rows, stamps and order of writes, not on HTTP.

Queries are answered by SQLite, which reads SOQL once its literals are turned into SQL's.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.adapters.salesforce.adapter import SalesforceAdapter
from bridge.adapters.salesforce.client import Client
from bridge.adapters.salesforce.describe import MOVEMENT
from bridge.adapters.salesforce.settings import load
from bridge.ports.errors import BridgeError, NotFound
from bridge.ports.records import Condition, FieldSpec, ObjectSpec

SETTINGS = {"instance_url": "https://acme.my.salesforce.com", "grant": "token", "access_token": "given"}
KEY = "Bridge_Id__c"
SPEC = ObjectSpec(
    entity="customer",
    object="Account",
    key=KEY,
    fields=(
        FieldSpec("Name"),
        FieldSpec("Phone"),
        FieldSpec("ParentId", ref="record"),
        FieldSpec("OwnerId", ref="user.email"),
        FieldSpec("Tags__c", ref="tag.name"),
        FieldSpec("Credit__c", type="decimal"),
    ),
    where=(Condition("Name", "is set"),),
)
OWNER = "005000000000001AAA"
_COLUMNS: Mapping[str, str] = {
    "Id": "id",
    "IsDeleted": "boolean",
    "MasterRecordId": "reference",
    "SystemModstamp": "datetime",
    "Name": "string",
    "Phone": "phone",
    "ParentId": "reference",
    "OwnerId": "reference",
    "Tags__c": "multipicklist",
    "Credit__c": "currency",
    KEY: "string",
    MOVEMENT: "string",
}
_READ_ONLY = frozenset({"Id", "IsDeleted", "MasterRecordId", "SystemModstamp"})
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


def describe() -> dict[str, Any]:
    """The describe of Account, as far as it has the columns."""
    fields = []
    for name, kind in _COLUMNS.items():
        entry: dict[str, Any] = {"name": name, "type": kind, "label": name, "length": 0, "nillable": name != "Name"}
        entry |= {"createable": name not in _READ_ONLY, "updateable": name not in _READ_ONLY}
        if kind in ("string", "phone"):
            entry["length"] = 255 if name == "Name" else 40
        if name == KEY:
            entry |= {"length": 36, "unique": True, "externalId": True, "caseSensitive": True}
        if name == "OwnerId":
            entry |= {
                "relationshipName": "Owner",
                "referenceTo": ["User"],
                "defaultedOnCreate": True,
                "nillable": False,
            }
        fields.append(entry)
    return {"name": "Account", "fields": fields, "createable": True, "updateable": True, "queryable": True}


class Org(Client):
    """Answers the calls of a client. Times go by with `tick`."""

    def __init__(self) -> None:
        super().__init__("crm", load("crm", SETTINGS))
        self.time = datetime(2026, 1, 31, 8, tzinfo=UTC)
        self.log: list[str] = []
        self.said: list[str] = []
        self.faults: list[tuple[str, BridgeError, bool]] = []
        self.deleted_log: list[dict[str, str]] = []
        self.earliest = "2020-01-01T00:00:00.000+0000"
        self.before: Callable[[str], None] | None = None
        self.description = describe()
        self._made = 0
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        # SOQL compares texts without regard to case
        columns = ", ".join(f'"{name}" COLLATE NOCASE' for name in (*_COLUMNS, "Owner.Email"))
        self.db.execute(f"CREATE TABLE Account ({columns}, Visible TEXT)")
        self.db.execute("CREATE TABLE User (Id, Email, Username, IsActive)")
        self.add_user(OWNER, "ann@acme.example")

    def now(self) -> datetime:
        return self.time

    def tick(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def add_user(self, native_id: str, email: str, username: str = "", active: bool = True) -> None:
        self.db.execute("INSERT INTO User VALUES (?, ?, ?, ?)", (native_id, email, username or email, active))

    def insert(self, *, late: float = 0.0, **values: Any) -> str:
        """A record by a user; `late`: seconds until its transaction commits."""
        self._made += 1
        native_id = f"001{self._made:012d}AAA"
        values = {"IsDeleted": False, "OwnerId": OWNER, "Owner.Email": "ann@acme.example", **values}
        values |= {"Id": native_id, "SystemModstamp": self.time.strftime(_STAMP)}
        values["Visible"] = (self.time + timedelta(seconds=late)).isoformat()
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        self.db.execute(f"INSERT INTO Account ({names}) VALUES ({marks})", list(values.values()))
        return native_id

    def edit(self, native_id: str, **values: Any) -> None:
        values = {**values, "SystemModstamp": self.time.strftime(_STAMP)}
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self.db.execute(f"UPDATE Account SET {sets} WHERE Id = ?", [*values.values(), native_id])

    def erase(self, native_id: str, master: str | None = None) -> None:
        """Into the recycle bin; with `master` as the loser of a merge."""
        self.edit(native_id, IsDeleted=True, MasterRecordId=master)
        self.deleted_log.append({"id": native_id, "deletedDate": self.time.strftime("%Y-%m-%dT%H:%M:%S.000+0000")})

    def purge(self, native_id: str) -> None:
        """Out of the recycle bin for good."""
        self.erase(native_id)
        self.db.execute("DELETE FROM Account WHERE Id = ?", [native_id])

    def held(self, native_id: str) -> dict[str, Any]:
        return dict(self.db.execute("SELECT * FROM Account WHERE Id = ?", [native_id]).fetchone())

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        writing: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        params = params or {}
        self.log.append(f"{method} {path}")
        self.said.append(params.get("q", ""))
        if self.before is not None:
            self.before(method)
        for place, (verb, error, committed) in enumerate(self.faults):
            if verb == method:
                del self.faults[place]
                if committed:
                    self._answer(method, path, params, body)
                raise error
        return self._answer(method, path, params, body)

    def _answer(self, method: str, path: str, params: Mapping[str, str], body: Any) -> Any:
        if path in ("query", "queryAll"):
            return self._select(params["q"], deleted=path == "queryAll")
        if path == "sobjects/Account/describe":
            return self.description
        if path == "sobjects/Account/deleted/":
            log = [row for row in self.deleted_log if params["start"][:19] <= row["deletedDate"][:19]]
            covered = self.time.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
            return {"deletedRecords": log, "earliestDateAvailable": self.earliest, "latestDateCovered": covered}
        if path == "composite/sobjects":
            if method == "DELETE":
                return [self._delete(native_id) for native_id in params["ids"].split(",")]
            write = self._create if method == "POST" else self._update
            keys = [record.get(KEY) for record in body["records"]]
            return [
                _refused("DUPLICATE_VALUE", "twice in one call") if key and keys.count(key) > 1 else write(record)
                for key, record in zip(keys, body["records"], strict=True)
            ]
        raise NotFound("does not have this", system="crm", vendor_code="NOT_FOUND")

    def _select(self, query: str, *, deleted: bool) -> dict[str, Any]:
        sql = query.replace("FROM Account", f"FROM (SELECT * FROM Account WHERE Visible <= '{self.time.isoformat()}')")
        sql = re.sub(r"'(?:\\.|[^'\\])*'|(\d{4}-\d\d-\d\dT[\d:]+Z)|(\w+\.\w+)", _literal, sql)
        sql = sql.replace("!= null", "IS NOT NULL").replace("= null", "IS NULL")
        rows = [dict(row) for row in self.db.execute(sql)]
        if not deleted and "FROM Account" in query:
            rows = [row for row in rows if not self.held(row["Id"])["IsDeleted"]]
        for row in rows:
            if "Owner.Email" in row:
                row["Owner"] = {"attributes": {}, "Email": row.pop("Owner.Email")}
        return {"totalSize": len(rows), "done": True, "records": rows}

    def _create(self, record: Mapping[str, Any]) -> dict[str, Any]:
        same = self.db.execute(
            f"SELECT Id FROM Account WHERE {KEY} = ? COLLATE BINARY AND NOT IsDeleted", [record[KEY]]
        ).fetchone()
        if same:
            return _refused("DUPLICATE_VALUE", f"{KEY} duplicates value on record with id: {same['Id']}")
        if len(str(record.get("Phone") or "")) > 40:
            return _refused("STRING_TOO_LONG", f"Phone: {record['Phone']}", "Phone")
        values = {name: value for name, value in record.items() if name != "attributes"}
        return {"id": self.insert(**_stored(values)), "success": True, "errors": []}

    def _update(self, record: Mapping[str, Any]) -> dict[str, Any]:
        problem = self._gone(record["id"])
        if problem:
            return problem
        self.edit(record["id"], **_stored({k: v for k, v in record.items() if k not in ("attributes", "id")}))
        return {"id": record["id"], "success": True, "errors": []}

    def _delete(self, native_id: str) -> dict[str, Any]:
        problem = self._gone(native_id)
        if problem:
            return problem
        self.erase(native_id)
        return {"id": native_id, "success": True, "errors": []}

    def _gone(self, native_id: str) -> dict[str, Any] | None:
        row = self.db.execute("SELECT IsDeleted FROM Account WHERE Id = ?", [native_id]).fetchone()
        if row is None:
            return _refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return _refused("ENTITY_IS_DELETED", "entity is deleted") if row["IsDeleted"] else None


def adapter_of(org: Org, **settings: Any) -> SalesforceAdapter:
    """An adapter as after a restart, whose calls go to the double."""
    adapter = SalesforceAdapter("crm", load("crm", {**SETTINGS, **settings}))
    for part in (adapter, adapter._describes, adapter._users, adapter._reader, adapter._changes):
        part._client = org
    return adapter


def _literal(found: re.Match[str]) -> str:
    if found[1]:
        return f"'{found[1]}'"
    if found[2]:
        return f'"{found[2]}"'
    return "'" + re.sub(r"\\(.)", r"\1", found[0][1:-1]).replace("'", "''") + "'"


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """What Salesforce makes of values: trimmed, and empty is null."""
    return {
        name: (value.strip() or None) if isinstance(value, str) else None if value is None else str(value)
        for name, value in values.items()
    }


def _refused(code: str, text: str, *fields: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": text, "fields": list(fields)}]}
