"""Hands inside a real Tryton, for the contract suite."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from bridge.ports.adapter import Adapter
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec
from bridge.sandbox.kernel import Server as Kernel
from bridge.sandbox.kernel import serve
from bridge.testing.harness import FaultKind, Features, Operation
from bridge.testing.sandbox import KERNEL_FAULTS

from bridge_tryton import TrytonAdapter, make
from bridge_tryton.real.desk import Desk
from bridge_tryton.real.server import DATABASE, LOGIN, PASSWORD, Server
from proxy import Proxy

FAULTS: Mapping[FaultKind, Mapping[str, Any]] = {**KERNEL_FAULTS, "expired_token": {"kind": "expired_session"}}


class Hands:
    """Parties of a real Tryton behind a proxy that can break calls. Used in a `with`; empty at the start of each.

    As few fields as show everything: a plain one, one of a row, and bridge's id in another row. Every table more makes
    a real server a third slower.
    """

    spec = ObjectSpec(
        entity="customer",
        object="party.party",
        key="identifiers",
        fields=(
            FieldSpec("name"),
            FieldSpec("code"),
            FieldSpec("address.city"),
        ),
        where=(Condition("code", "not in", ("OUTSIDE",)),),
    )
    features = Features(text="address.city", outside=True)
    secrets = (PASSWORD,)
    operations: ClassVar[Mapping[Operation, str]] = {
        "read": "model.party.party.search_read",
        "create": "model.party.party.create",
        "update": "model.party.party.write",
        "delete": "model.party.party.delete",
    }

    first: ClassVar[TrytonAdapter | None] = None

    def __init__(self, server: Server, kernel: Kernel, desk: Desk) -> None:
        self.server, self.kernel, self.desk = server, kernel, desk
        self._made: list[Adapter] = []
        self._late: list[tuple[int, float, float]] = []

    def __enter__(self) -> Hands:
        self.server.clock(offset=0.0)
        self.kernel.app.clock.freeze(False)
        self.empty()
        self.kernel.control.faults.clear()
        return self

    def __exit__(self, *_: object) -> None:
        for adapter in self._made:
            adapter.close()
        left = self.kernel.control.faults.armed()
        assert not left, f"the test met no such fault: {left}"

    def empty(self) -> None:
        """Delete what earlier tests have left."""
        parties = [
            row["id"] for row in self.desk.rows(self.spec.object, [["code", "!=", "OWN"]], [], active_test=False)
        ]
        if parties:
            self.desk.call(self.spec.object, "delete", parties)

    def adapter(self) -> Adapter:
        """A new adapter that has learnt from an earlier one what does not change: a real server takes a third of a
        second to describe its models and to let somebody in, and the suite makes hundreds of adapters."""
        made = self._with(PASSWORD)
        first = Hands.first
        if first is None or first._client.settings.url != made._client.settings.url:
            made.open([self.spec])
            Hands.first = made
            return self._with(PASSWORD) if first is None else made
        made._client.user, made._client.context = first._client.user, first._client.context
        made._client._authorization = first._client._authorization
        made._models._known, made._reader._own = first._models._known, first._reader._own
        return made

    def stranger(self) -> Adapter | None:
        return self._with("no-such-password", login="nobody")

    def _with(self, password: str, login: str = LOGIN) -> TrytonAdapter:
        made = make("erp", {"url": self.kernel.url, "database": DATABASE, "login": login, "password": password})
        assert isinstance(made, TrytonAdapter)
        self._made.append(made)
        return made

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        return {
            "name": f"Acme {n}",
            "code": f"A-{n}",
            "address.city": f"City {n}",
        }

    def new_key(self) -> str:
        return uuid.uuid4().hex

    def user_insert(self, n: int, *, inside: bool = True) -> str:
        values = {
            "name": f"Acme {n}",
            "code": f"A-{n}" if inside else "OUTSIDE",
            "addresses": [["create", [{"city": f"City {n}"}]]],
        }
        return str(self.desk.make(self.spec.object, **values))

    def user_edit(self, native_id: str, text: str | None) -> None:
        """By itself, behind the party's back: its own stamp does not move."""
        address = self.desk.one("party.address", ["party", "=", int(native_id)])
        self.desk.call("party.address", "write", [address], {"city": text})

    def user_delete(self, native_id: str) -> None:
        self.desk.call(self.spec.object, "delete", [int(native_id)])

    def insert_late(self, n: int, seconds: float) -> bool:
        """What is committed late comes into sight later, with the stamp of now: so it is made later, by a clock that
        is put back for that moment."""
        at = self.kernel.app.clock.now().timestamp()
        self._late.append((n, at, at + seconds))
        return True

    def arm(self, fault: FaultKind, on: Operation = "read") -> bool:
        self.kernel.control.faults.arm({"operation": self.operations[on], **FAULTS[fault]})
        return True

    def freeze(self, on: bool) -> bool:
        self.kernel.app.clock.freeze(on)
        return True

    def tick(self, seconds: float) -> None:
        clock = self.kernel.app.clock
        clock.advance(seconds)
        now = clock.now().timestamp()
        for late in [one for one in self._late if one[2] <= now]:
            self._late.remove(late)
            kept = self.server.offset
            self.server.clock(offset=0.0, frozen=late[1])
            self.user_insert(late[0])
            self.server.clock(offset=kept)

    def seen(self) -> int | None:
        return len(self.kernel.control._calls)

    def unprepare(self) -> bool:
        return False


def in_front_of(server: Server) -> Kernel:
    """The proxy, started."""
    return serve(Proxy(server)).start()
