"""One site: its rows, doctypes, clock, and who is asking."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bridge.sandbox.erpnext.collation import collate
from bridge.sandbox.erpnext.doctypes import Catalogue, DocType
from bridge.sandbox.erpnext.errors import Message, message, missing
from bridge.sandbox.erpnext.tables import Row, Tables
from bridge.sandbox.kernel import Clock

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_SERIES = "__series"
_HASHES = re.compile(r"\.?(#+)\.?$")


class Site:
    """The state that all parts of the sandbox work on. `user` and `messages` are those of the request at hand."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self.tables = Tables()
        self.catalogue = Catalogue()
        self.user = "Guest"
        self.messages: list[Message] = []
        self._random = random.Random(seed)  # noqa: S311 - names of rows, not secrets

    def now(self) -> str:
        """The time as documents keep it: in the site's zone, without saying so, with microseconds."""
        zone = ZoneInfo(str(self.setting("System Settings", "time_zone") or "UTC"))
        moment = self.clock.now().astimezone(zone).replace(tzinfo=None)
        return moment.isoformat(sep=" ", timespec="microseconds" if moment.microsecond else "seconds")

    def instant(self) -> float:
        """The time in seconds, for what ends after a while."""
        return self.clock.now().timestamp()

    def hash(self) -> str:
        """A name for a document that has no better one."""
        return "".join(self._random.choices(_ALPHABET, k=10))

    def meta(self, doctype: str) -> DocType:
        """A doctype. Raises DoesNotExistError if there is none."""
        if doctype not in self.catalogue:
            raise missing("DocType", doctype)
        return self.catalogue.of(doctype)

    @property
    def default_warehouse(self) -> str:
        """Where orders are served from unless they say otherwise."""
        return "Stores - AC"

    def exchange_rate(self, source: str, target: Any) -> float | None:
        """The rate that is on record, None where there is none."""
        rows = self.tables.all("Currency Exchange") if "Currency Exchange" in self.catalogue else ()
        found = [row for row in rows if row["from_currency"] == source and row["to_currency"] == target]
        return float(found[-1]["exchange_rate"]) if found else None

    def make(self, doctype: str, values: Mapping[str, Any]) -> None:
        """A document that the system itself makes on the way."""
        from bridge.sandbox.erpnext.documents import insert, new

        insert(self, new(self, doctype, values), by_system=True)

    def setting(self, single: str, field: str) -> Any:
        """A value of a single doctype such as System Settings."""
        row = self.tables.get(single, single)
        return row.get(field) if row else None

    def value(self, doctype: str, name: Any, field: str) -> Any:
        """A column of a document, None where either is missing."""
        row = self.tables.get(doctype, name)
        return row.get(field) if row else None

    def exists(self, doctype: str, name: Any) -> bool:
        """Whether there is a document of this name, in any case."""
        return self.tables.get(doctype, name) is not None

    def next(self, pattern: str) -> str:
        """The next name of a series such as "CUST-.YYYY.-" or "X-.#"."""
        hashes = _HASHES.search(pattern)
        digits = len(hashes.group(1)) if hashes else 5
        stem = pattern[: hashes.start()] if hashes else pattern
        stem = stem.replace(".YYYY.", self.now()[:4]).replace(".MM.", self.now()[5:7]).replace(".", "")
        current = self.tables.get(_SERIES, stem)
        number = int(current["current"]) + 1 if current else 1
        self.tables.put(_SERIES, {"name": stem, "current": number})
        return f"{stem}{number:0{digits}d}"

    def give_back(self, doctype: str, name: str) -> None:
        """A deleted document that had the newest number of its series frees it (the next one is named the same)."""
        stem = name.rstrip("0123456789")
        current = self.tables.get(_SERIES, stem)
        if current and name[len(stem) :] and int(name[len(stem) :]) == current["current"]:
            self.tables.put(_SERIES, {"name": stem, "current": current["current"] - 1})

    def numbered(self, doctype: str, name: str, separator: str = "-") -> str:
        """The name itself, or if it is taken with the next free number behind it."""
        if not self.exists(doctype, name):
            return name
        stem = collate(name + separator)
        taken = [str(row["name"]) for row in self.tables.all(doctype)]
        tails = [each.rpartition(separator)[2] for each in taken if collate(each).startswith(stem)]
        number = max((int(tail) for tail in tails if tail.isdigit()), default=0) + 1
        return f"{name}{separator}{number}"

    def tell(self, text: str, title: str = "Message", **more: Any) -> None:
        """Show a message to the user with the answer."""
        self.messages.append(message(text, title, **more))

    def columns(self, meta: DocType, values: Mapping[str, Any]) -> Row:
        """The columns of a document, in the order of the table."""
        row = {name: values.get(name) for name in meta.row_order}
        extra = ("parent", "parentfield", "parenttype") if meta.head.istable else ("_user_tags",)
        row.update({name: values.get(name) for name in extra})
        return row
