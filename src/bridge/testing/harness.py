"""What the contract suite needs of a system under test: an adapter, and hands inside the system behind its back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from bridge.ports.adapter import Adapter
from bridge.ports.records import NativeValue, ObjectSpec

FaultKind = Literal["lost_answer", "reset", "html", "redirect", "rate_limit", "expired_token", "server_error"]
"""lost_answer: everything is done, no answer comes. reset: the connection breaks before anything is done.
html: 200 with a page for people, nothing done. redirect: 302, nothing done. rate_limit: the vendor's way to ask for
fewer calls. expired_token: the session is no longer valid, the credentials are. server_error: 503 of a proxy, nothing
done."""

Operation = Literal["read", "create", "update", "delete"]

SPECIALS = (
    'O\'Neil "Söhne" & Cie',
    "50 % off; -- drop_table",
    "C:\\temp\\new",
    "Žluťoučký kůň, ﬁn, ß",
    "日本語 العربية",
    "rocket 🚀 family 👩‍👩‍👧",
)
"""Texts that break careless quoting and encoding."""


@dataclass(frozen=True, slots=True)
class Features:
    """What of the system under test the suite may use.

    text: the path of a plain text field that may be empty and may be changed; samples fill it.
    limited: a path and the largest number of characters it holds; None where nothing is limited.
    outside: whether the harness can make records that `where` of its specification excludes.
    retry_after: the seconds that the rate limit of the harness names; None where the system names none.
    deletes_after: seconds to let pass before a delete shows up in the feed.
    refs_records: how many records need more than one page of `refs`.
    specials: texts that the system keeps unchanged in `text`.
    unknown: a path that no object has.
    tells_writers: whether the system tells who wrote a record last, and users have another name there than bridge.
    """

    text: str
    limited: tuple[str, int] | None = None
    outside: bool = False
    retry_after: float | None = 7.0
    deletes_after: float = 0.0
    refs_records: int = 7
    specials: tuple[str, ...] = SPECIALS
    unknown: str = "no_such_field"
    tells_writers: bool = False


class Harness(Protocol):
    """One system, empty at the start of every test and prepared for bridge (the key field is there).

    spec: the object and the fields to test with; all of them may be written.
    secrets: the credentials of the adapter: nothing that is printed may contain them.
    """

    @property
    def spec(self) -> ObjectSpec:
        """The object under test."""

    @property
    def features(self) -> Features:
        """What the suite may use."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The credentials in use."""

    def adapter(self) -> Adapter:
        """A new adapter of the system with good credentials, as after a restart of bridge."""

    def stranger(self) -> Adapter | None:
        """A new adapter whose credentials the system refuses; None where it knows no credentials."""

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        """Values of record n that the system keeps unchanged, different for every n; `features.text` is among them."""

    def new_key(self) -> str:
        """A golden id that was not used before."""

    def user_insert(self, n: int, *, inside: bool = True) -> str:
        """A user makes record n (`sample(n)`, no key); with inside=False one that `where` excludes. The native id."""

    def user_edit(self, native_id: str, text: str | None) -> None:
        """A user changes the field `features.text`."""

    def user_delete(self, native_id: str) -> None:
        """A user deletes a record."""

    def insert_late(self, n: int, seconds: float) -> bool:
        """Record n is written now and can be read only after so many seconds, with the stamp of now (a transaction that
        commits late). False where the system cannot simulate it."""

    def arm(self, fault: FaultKind, on: Operation = "read") -> bool:
        """The next call of this operation meets the fault, once. False where the system cannot simulate it."""

    def freeze(self, on: bool) -> bool:
        """Stop the system's clock, so that changes have equal stamps, or let it go on. False if it cannot be done."""

    def tick(self, seconds: float) -> None:
        """Time passes in the system (also while the clock is stopped)."""

    def seen(self) -> int | None:
        """Calls that the system has counted since it was made; None if it does not count."""

    def unprepare(self) -> bool:
        """Take the key field away again, as before `setup`. False if it cannot be done."""
