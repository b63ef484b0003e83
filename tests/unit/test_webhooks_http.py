"""The address for webhooks: who is let in, what is stored before it is answered, and what the answers give away."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from bridge.adapters.erpnext.webhooks import receiver as erpnext
from bridge.adapters.odoo.webhooks import receiver as odoo
from bridge.adapters.salesforce.webhooks import receiver as salesforce
from bridge.config.webhooks import Hooks
from bridge.entrypoints.daemon.hints import OLD, SHARE, STORM, Hints
from bridge.entrypoints.daemon.webhooks import MOST_WAITING, Outcome, Webhooks
from bridge.ports.hints import Receiver
from bridge.ports.work import Link
from bridge.store import Database, open_store
from bridge.store.hints import Told

SECRET, PATH, TOKEN, ORG = "a-secret-of-the-site", "path-nobody-can-guess", "token-nobody-can-guess", "00Dq00000000001"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
OBJECTS = {"fin": "Customer", "erp": "res.partner", "crm": "Account"}


class World:
    """The application over a real store, with a clock that a test moves."""

    def __init__(self, store: Database) -> None:
        self.store, self.now = store, NOW
        self.wakes = 0
        self.seen: list[Outcome] = []
        self.said: list[dict[str, Any]] = []
        spec = lambda system: SimpleNamespace(object=OBJECTS[system])  # noqa: E731
        self.maps: Any = {"customer": SimpleNamespace(systems=tuple(OBJECTS), spec=spec)}
        fin = {"url": "https://f.example", "api_key": "k", "api_secret": "s", "webhook_secret": SECRET}
        erp = {"url": "https://e.example", "database": "d", "login": "a", "password": "p"}
        crm = {"instance_url": "https://c.example", "client_id": "i", "client_secret": "s", "webhook_path": PATH}
        receivers = {
            "fin": erpnext("fin", fin),
            "erp": odoo("erp", {**erp, "webhook_path": PATH, "webhook_token": TOKEN}),
            "crm": salesforce("crm", {**crm, "organization_id": ORG}),
        }
        self.site: Any = SimpleNamespace(receivers=receivers, maps=self.maps)
        self.hooks = Hooks(("127.0.0.1", 0), "https://bridge.example.com/hooks")
        self.client = self.opened()

    def opened(self, store: Any = None, **hooks: Any) -> Client:
        self.hooks = replace(self.hooks, **hooks)
        log: Any = SimpleNamespace(warning=lambda event, **what: self.said.append({"event": event, **what}))
        self.client = Client(
            Webhooks(
                self.hooks,
                lambda: self.site,
                store or self.store,
                lambda: self.now,
                stored=self._woken,
                seen=self.seen.append,
                log=log,
            )
        )
        return self.client

    def _woken(self) -> None:
        self.wakes += 1

    def signed(self, name: str = "A", *, secret: str = SECRET, path: str = "/fin", **more: Any) -> Any:
        said = {"doctype": more.pop("doctype", "Customer"), "name": name, **more}
        body = json.dumps(said).encode()
        signature = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
        return self.client.post(path, data=body, headers={"X-Frappe-Webhook-Signature": signature})

    def waiting(self) -> list[tuple[str, str, str, int]]:
        with self.store.begin() as uow:
            return [(one.system, one.object, one.native_id, one.times) for one in uow.hints(100)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path / 'bridge.db'}")
    yield World(store)
    store.close()


def test_it_is_stored_when_it_is_answered(world: World) -> None:
    assert world.signed("A").status_code == 200
    assert world.waiting() == [("fin", "Customer", "A", 1)]
    assert world.wakes == 1
    with world.store.begin() as uow:
        assert uow.flag("webhook:fin") == NOW.isoformat()


def test_one_record_is_one_row_however_often_it_is_told(world: World) -> None:
    for number in range(3):
        assert world.signed("A", modified=f"2026-11-26 12:00:0{number}").status_code == 200
    assert world.waiting() == [("fin", "Customer", "A", 3)]
    assert world.wakes == 3, "it may be read just now"
    assert [(one.told, one.again) for one in world.seen] == [(1, 0), (0, 1), (0, 1)]


def test_a_telling_that_is_repeated_inside_the_window_is_known(world: World) -> None:
    stamp = "2026-11-26 12:00:00.000001"
    assert world.signed("A", modified=stamp).status_code == 200
    forget(world)
    assert world.signed("A", modified=stamp).status_code == 200, "answered alike: who repeats it learns nothing"
    assert world.waiting() == []
    world.now += world.hooks.window + timedelta(seconds=1)
    assert world.signed("A", modified=stamp).status_code == 200
    assert world.waiting() == [("fin", "Customer", "A", 1)], "later, it costs a reading"


def test_one_that_was_not_stored_is_taken_when_it_comes_again(world: World) -> None:
    stamp = "2026-11-26 12:00:00.000001"
    world.opened(Broken())
    assert world.signed("A", modified=stamp).status_code == 503
    world.client = Client(world.client.application)
    world.client.application._store = world.store  # type: ignore[attr-defined]
    assert world.signed("A", modified=stamp).status_code == 200
    assert world.waiting() == [("fin", "Customer", "A", 1)]


class Broken:
    """A store whose disk is full."""

    def begin(self) -> Any:
        raise OperationalError("INSERT", {}, Exception("disk full"))


def forget(world: World) -> None:
    with world.store.begin() as uow:
        uow.drop_hints(uow.hints(100))


def test_objects_that_no_mapping_reads_are_nothing(world: World) -> None:
    assert world.signed("X", doctype="Salary Slip").status_code == 200
    assert (world.waiting(), world.wakes) == ([], 0)
    assert world.seen[-1].other == 1


@pytest.mark.parametrize("name", ["\x00", "half \ud83d of it"])
def test_what_no_database_takes_is_nothing(world: World, name: str) -> None:
    assert world.signed(name).status_code == 200
    assert world.waiting() == []


def test_a_receiver_that_breaks_is_told_as_unreadable(world: World) -> None:
    """One of somebody else's adapter; its fault may quote what was sent."""

    def broken(delivery: object) -> Any:
        raise RuntimeError("Secret Customer")

    world.site.receivers["fin"] = Receiver(broken)
    assert world.signed("A").status_code == 400
    assert "Secret" not in str(world.said)


REFUSED: list[tuple[str, Callable[[World], Any], int]] = [
    ("another secret", lambda w: w.signed(secret="another"), 401),
    ("no signature", lambda w: w.client.post("/fin", data=b"{}"), 401),
    ("no such system", lambda w: w.signed(path="/nobody"), 401),
    ("a wrong path", lambda w: w.client.post(f"/erp/wrong?token={TOKEN}", data=b"{}"), 401),
    ("a wrong token", lambda w: w.client.post(f"/erp/{PATH}?token=wrong", data=b"{}"), 401),
    ("no token", lambda w: w.client.post(f"/erp/{PATH}", data=b"{}"), 401),
    ("a wrong org", lambda w: w.client.post("/crm/wrong", data=b"<a/>"), 401),
    ("genuine and no record", lambda w: w.client.post(f"/erp/{PATH}?token={TOKEN}", data=b"{}"), 400),
    ("nowhere", lambda w: w.client.post("/", data=b"{}"), 404),
    ("a question", lambda w: w.client.get("/fin"), 405),
    ("no length", lambda w: w.client.post("/fin", headers={"Transfer-Encoding": "chunked"}), 411),
    ("too large", lambda w: w.client.post("/fin", data=b"x" * (w.hooks.max_body + 1)), 413),
]


@pytest.mark.parametrize(("ask", "status"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_what_is_refused(world: World, ask: Callable[[World], Any], status: int) -> None:
    """Nothing is stored, nobody is woken, and the answer holds no word."""
    answer = ask(world)
    assert (answer.status_code, answer.data) == (status, b"")
    assert (world.waiting(), world.wakes) == ([], 0)


def test_what_is_wrong_with_the_proof_cannot_be_told_from_the_answer(world: World) -> None:
    answers = [ask(world) for name, ask, status in REFUSED if status == 401]
    told = {(one.status_code, one.data, tuple(sorted(one.headers))) for one in answers}
    assert len(told) == 1


def test_the_path_of_the_public_address_may_come_along_or_not(world: World) -> None:
    assert world.signed("A", path="/hooks/fin").status_code == 200
    assert world.signed("B", path="/fin").status_code == 200


def test_only_allowed_networks_are_heard(world: World) -> None:
    world.opened(allow={"": (ip_network("203.0.113.0/24"),)})
    assert world.signed("A").status_code == 403
    world.opened(allow={"erp": (ip_network("203.0.113.0/24"),)})
    assert world.signed("A").status_code == 200
    assert (
        world.client.post(f"/erp/{PATH}?token={TOKEN}", data=b'{"_id": 1, "_model": "res.partner"}').status_code == 403
    )


def test_behind_a_proxy_the_sender_is_who_it_names_last(world: World) -> None:
    inside = {"": (ip_network("203.0.113.0/24"),)}
    body, address = b'{"_id": 1, "_model": "res.partner"}', f"/erp/{PATH}?token={TOKEN}"

    def asked(forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        from_proxy = {"REMOTE_ADDR": "127.0.0.1"}
        return world.client.post(address, data=body, headers=headers, environ_base=from_proxy).status_code

    world.opened(allow=inside)
    assert asked("203.0.113.7") == 403, "whom one does not trust may say anything"
    world.opened(allow=inside, proxies=(ip_network("127.0.0.0/8"),))
    assert asked("203.0.113.7") == 200
    assert asked("198.51.100.1, 203.0.113.7, 127.0.0.9") == 200
    assert asked("203.0.113.7, 198.51.100.1") == 403, "what the sender wrote itself stands first"
    assert asked("nonsense") == 403


def test_refusals_are_told_once_a_minute_and_hold_nothing_of_what_was_sent(world: World) -> None:
    for _ in range(5):
        world.signed("Secret Customer", secret="another")
    assert len(world.said) == 1
    world.now += timedelta(minutes=2)
    world.signed("Secret Customer", secret="another")
    assert [one["number"] for one in world.said] == [1, 5]
    assert "Secret" not in str(world.said)


def test_who_tells_too_much_is_noted_as_a_whole(world: World) -> None:
    with world.store.begin() as uow:
        uow.add_hints(Told("fin", "Customer", f"{number}", NOW, NOW) for number in range(MOST_WAITING))
    world.signed("one more")
    with world.store.begin() as uow:
        assert uow.hint_counts() == {"fin": MOST_WAITING + 1}
        assert uow.add_hints([Told("fin", "Customer", "", NOW, NOW)]) == 0


def test_several_records_of_one_message(world: World) -> None:
    note = (
        '<Notification><Id>04l{0}</Id><sObject xsi:type="sf:Account" xmlns:sf="{1}"><sf:Id>{0}</sf:Id></sObject>'
        "</Notification>"
    )
    notes = "".join(note.format(number, "urn:sobject.enterprise.soap.sforce.com") for number in range(3))
    body = (
        '<e xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><notifications'
        ' xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{ORG}</OrganizationId>{notes}</notifications></e>"
    )
    answer = world.client.post(f"/crm/{PATH}", data=body.encode())
    assert b"<Ack>true</Ack>" in answer.data
    assert len(world.waiting()) == 3


class TestTurns:
    """What the daemon's turns make of the rows."""

    def hints(self, world: World) -> Hints:
        self.settled: list[tuple[str, float]] = []
        return Hints(
            world.store, lambda: world.maps, lambda system, after: self.settled.append((system, after.total_seconds()))
        )

    def told(self, world: World, *ids: str, due: float = 0, system: str = "fin") -> None:
        at = world.now
        with world.store.begin() as uow:
            rows = [Told(system, OBJECTS[system], one, at, at + timedelta(seconds=due)) for one in ids]
            uow.add_hints(rows)

    def test_a_row_stays_until_its_place_was_read(self, world: World) -> None:
        hints = self.hints(world)
        self.told(world, "A")
        taken = hints.take((), world.now)
        assert taken.of() == {("fin", "customer"): {"A"}}
        hints.done(taken, [], world.now)
        assert len(world.waiting()) == 1
        hints.done(taken, [("fin", "customer")], world.now + timedelta(seconds=2))
        assert world.waiting() == []
        assert self.settled == [("fin", 2.0)]

    def test_what_is_told_during_the_turn_is_looked_at_again(self, world: World) -> None:
        hints = self.hints(world)
        self.told(world, "A")
        taken = hints.take((), world.now)
        self.told(world, "A")
        hints.done(taken, [("fin", "customer")], world.now)
        assert world.waiting() == [("fin", "Customer", "A", 2)]

    def test_who_is_left_alone_keeps_its_rows(self, world: World) -> None:
        self.told(world, "A")
        assert self.hints(world).take({"fin"}, world.now).rows == ()
        assert len(world.waiting()) == 1

    def test_what_shall_wait_waits(self, world: World) -> None:
        hints = self.hints(world)
        self.told(world, "1", due=0.3, system="erp")
        assert hints.take((), world.now).rows == ()
        assert hints.next == world.now + timedelta(seconds=0.3)
        assert hints.take((), world.now + timedelta(seconds=0.3)).of() == {("erp", "customer"): {"1"}}
        assert hints.next is None

    def test_old_rows_and_those_of_no_mapping_go(self, world: World) -> None:
        hints = self.hints(world)
        self.told(world, "A")
        world.now += OLD + timedelta(seconds=1)
        with world.store.begin() as uow:
            uow.add_hints([Told("fin", "No More", "B", world.now, world.now)])
        assert hints.take((), world.now).rows == ()
        assert world.waiting() == []

    def test_a_storm_is_taken_up_in_one(self, world: World) -> None:
        """In portions, a mass change would pass the guards: after so many records, the rest waits for a minute."""
        hints = self.hints(world)
        self.told(world, *(f"{number}" for number in range(STORM)))
        first = hints.take((), world.now)
        hints.follow(first, world.now)
        hints.done(first, [("fin", "customer")], world.now)
        world.now += timedelta(seconds=1)
        self.told(world, *(f"{number}" for number in range(STORM, 3 * STORM)))
        assert hints.take((), world.now).rows == ()
        world.now += timedelta(minutes=1)
        assert len(hints.take((), world.now).rows) == 2 * STORM

    def test_what_is_a_storm_depends_on_how_many_records_there_are(self, world: World) -> None:
        """Two in a hundred within a minute are a working day's edits."""
        with world.store.begin() as uow:
            uow.save_links(
                (Link("fin", "customer", f"{n}", f"g{n}", "linked", "key") for n in range(2 * STORM * SHARE)), world.now
            )
        hints = self.hints(world)
        for first in range(0, 2 * STORM, STORM):
            self.told(world, *(f"{number}" for number in range(first, first + STORM)))
            taken = hints.take((), world.now)
            assert len(taken.rows) == STORM
            hints.follow(taken, world.now)
            hints.done(taken, [("fin", "customer")], world.now)
            world.now += timedelta(seconds=1)
        self.told(world, "one too many")
        assert hints.take((), world.now).rows == ()
