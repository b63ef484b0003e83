"""What goes wrong on the way: each fault has its class, no item loses its result, and no text holds a secret."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import pytest
from tests.adapters.odoo.installation import API_KEY, PASSWORD, WAYS, Installation, read_all
from tests.adapters.odoo.shipped import item, specs

from bridge.adapters.odoo import OdooAdapter
from bridge.ports import errors
from bridge.ports.records import CreateItem, DeleteItem, UpdateItem, WriteResult
from bridge.sandbox.kernel import PREFIX

CUSTOMER = specs()["customer"]
ITEMS = [item(n) for n in range(1, 7)]


def plain(n: int, city: str = "Gent") -> CreateItem:
    """A customer that needs no table looked up."""
    return CreateItem(f"{n:032x}", {"name": f"Customer {n}", "city": city})


def outcomes(results: list[WriteResult]) -> list[str]:
    return [one.outcome for one in results]


def names(odoo: Installation) -> list[str]:
    """Names of the customers that are there, one for each record."""
    return sorted(str(row["name"]) for row in odoo.rows().values() if str(row["name"]).startswith("Customer"))


@pytest.mark.parametrize("odoo", WAYS[:2], indirect=True, ids=["18", "19"])
def test_a_session_that_ends_in_the_middle_is_renewed(odoo: Installation) -> None:
    adapter = odoo.adapter(batch=2)
    odoo.fault("expired_session", "load *", after=1)
    assert outcomes(adapter.create(CUSTOMER, [plain(n) for n in range(6)])) == ["ok"] * 6
    assert len(names(odoo)) == 6
    odoo.fault("expired_session", "web_search_read *")
    assert len(read_all(adapter, CUSTOMER)[0]) >= 6


@pytest.mark.parametrize("odoo", WAYS[:1], indirect=True, ids=["18"])
def test_a_session_that_ends_again_at_once_is_told(odoo: Installation) -> None:
    adapter = odoo.adapter()
    odoo.fault("expired_session", "load *", times=2)
    with pytest.raises(errors.AuthFailed):
        adapter.create(CUSTOMER, [plain(1)])
    assert names(odoo) == []


@pytest.mark.parametrize("odoo", WAYS[2:], indirect=True, ids=["19-json2"])
def test_a_key_that_is_withdrawn_in_the_middle_keeps_what_was_done(odoo: Installation) -> None:
    odoo.fault("expired_session", "load *", after=1)
    results = odoo.adapter(batch=2).create(CUSTOMER, [plain(n) for n in range(6)])
    assert outcomes(results) == ["ok", "ok", "failed", "failed", "failed", "failed"]
    assert isinstance(results[2].error, errors.AuthFailed)
    assert type(results[5].error) is errors.Transient
    assert names(odoo) == ["Customer 0", "Customer 1"]


@pytest.mark.parametrize("kind", ["serialization", "lock_row"])
def test_a_lost_race_inside_an_import(odoo: Installation, kind: str) -> None:
    odoo.fault(kind, "load *")
    with pytest.raises(errors.Transient):  # nothing was done: the whole batch may be sent again
        odoo.adapter().create(CUSTOMER, [plain(1), plain(2)])
    assert names(odoo) == []


@pytest.mark.parametrize("kind", ["reset", "drop_answer", "serialization"])
def test_a_record_whose_address_met_trouble_is_not_called_done(odoo: Installation, kind: str) -> None:
    """Called done, it would be taken for one that Odoo wants without the address, which would be lost."""
    odoo.fault(kind, "load *", after=1)
    (result,) = odoo.adapter().create(CUSTOMER, [ITEMS[0]])
    assert (result.outcome, type(result.error)) == ("unknown", errors.InDoubt)
    assert "not all of its parts" in str(result.error)
    assert odoo.adapter().find(CUSTOMER, [ITEMS[0].key])[ITEMS[0].key]


def test_a_lost_race_in_a_later_import_keeps_what_was_done(odoo: Installation) -> None:
    odoo.fault("serialization", "load *", after=1)
    results = odoo.adapter(batch=2).create(CUSTOMER, [plain(n) for n in range(6)])
    assert outcomes(results) == ["ok", "ok", "failed", "failed", "failed", "failed"]
    assert all(type(one.error) is errors.Transient for one in results[2:])
    assert names(odoo) == ["Customer 0", "Customer 1"]


def test_a_race_lost_by_a_call_may_be_sent_again(odoo: Installation) -> None:
    adapter = odoo.adapter()
    (made,) = adapter.create(CUSTOMER, [plain(1)])
    odoo.fault("serialization", "unlink *")
    with pytest.raises(errors.Transient):
        adapter.delete(CUSTOMER, [DeleteItem(str(made.native_id))])
    assert names(odoo) == ["Customer 1"]


@pytest.mark.parametrize(
    ("kind", "options", "reading", "writing"),
    [
        ("database_down", {}, errors.Transient, errors.Transient),
        ("access_error", {}, errors.PermissionDenied, errors.PermissionDenied),
        ("html", {}, errors.Transient, "unknown"),
        ("redirect", {"location": f"{PREFIX}health"}, errors.BridgeError, errors.BridgeError),
        ("status", {"status": 503, "body": "<h1>down</h1>"}, errors.Transient, errors.Transient),
        ("status", {"status": 502, "body": "<h1>bad gateway</h1>"}, errors.Transient, "unknown"),
        ("status", {"status": 500, "body": "<h1>oh</h1>"}, errors.Transient, "unknown"),
        ("drop_answer", {}, errors.Transient, "unknown"),
        ("truncate", {}, errors.Transient, "unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_fault_has_its_class(
    odoo: Installation,
    kind: str,
    options: dict[str, object],
    reading: type[errors.BridgeError],
    writing: type[errors.BridgeError] | str,
) -> None:
    adapter = odoo.adapter()
    adapter.open([CUSTOMER])
    odoo.fault(kind, "web_search_read *", **options)
    with pytest.raises(reading):
        adapter.changes(CUSTOMER, None, 10)
    odoo.fault(kind, "load *", **options)
    if isinstance(writing, str):
        (result,) = adapter.create(CUSTOMER, [plain(1)])
        assert result.outcome == writing
        assert isinstance(result.error, errors.InDoubt)
    else:
        with pytest.raises(writing) as caught:
            adapter.create(CUSTOMER, [plain(1)])
        assert not isinstance(caught.value, errors.InDoubt)
        assert names(odoo) == []
    assert outcomes(adapter.create(CUSTOMER, [plain(1)])) == ["ok"]  # found, or made now: never twice
    assert names(odoo) == ["Customer 1"]


def test_a_redirect_is_not_followed(odoo: Installation) -> None:
    adapter = odoo.adapter()
    adapter.open([CUSTOMER])
    before = adapter.calls
    odoo.fault("redirect", "web_search_read *", location=f"{PREFIX}health")
    with pytest.raises(errors.BridgeError):
        adapter.changes(CUSTOMER, None, 10)
    assert adapter.calls == before + 1


def test_too_many_calls_tell_how_long_to_wait(odoo: Installation) -> None:
    adapter = odoo.adapter(batch=2)
    adapter.open([CUSTOMER])
    answer = {"status": 429, "headers": {"Retry-After": "7"}, "body": "slow down"}
    odoo.fault("status", "web_search_read *", **answer)
    with pytest.raises(errors.RateLimited) as caught:
        adapter.changes(CUSTOMER, None, 10)
    assert caught.value.after == 7
    odoo.fault("status", "load *", after=1, **answer)
    results = adapter.create(CUSTOMER, [plain(n) for n in range(4)])
    assert outcomes(results) == ["ok", "ok", "failed", "failed"]
    assert isinstance(results[2].error, errors.RateLimited)


@pytest.mark.parametrize(("kind", "done"), [("drop_answer", True), ("reset", False)])
def test_an_answer_lost_in_the_second_of_three_imports(odoo: Installation, kind: str, done: bool) -> None:
    adapter = odoo.adapter(batch=2)
    adapter.open([CUSTOMER])
    items = [plain(n) for n in range(6)]
    odoo.fault(kind, "load *", after=1)
    results = adapter.create(CUSTOMER, items)
    assert outcomes(results) == ["ok", "ok", "unknown", "unknown", "failed", "failed"]
    assert all(one.stored is not None for one in results[:2])
    assert all(isinstance(one.error, errors.InDoubt) for one in results[2:4])
    assert all(type(one.error) is errors.Transient for one in results[4:])

    found = adapter.find(CUSTOMER, [one.key for one in items])
    assert [len(found[one.key]) for one in items] == [1, 1, done, done, 0, 0]
    again = adapter.create(CUSTOMER, items)
    assert outcomes(again) == ["ok"] * 6
    assert [one.created for one in again] == [False, False, not done, not done, True, True]
    assert names(odoo) == [f"Customer {n}" for n in range(6)]


def test_an_answer_lost_in_the_second_of_three_updates(odoo: Installation) -> None:
    adapter = odoo.adapter(batch=2)
    made = adapter.create(CUSTOMER, [plain(n) for n in range(6)])
    odoo.fault("drop_answer", "load *", after=1)
    results = adapter.update(CUSTOMER, [UpdateItem(str(one.native_id), {"city": "Ghent"}) for one in made])
    assert outcomes(results) == ["ok", "ok", "unknown", "unknown", "failed", "failed"]
    held = adapter.fetch(CUSTOMER, [str(one.native_id) for one in made])
    assert [held[str(one.native_id)].values["city"] for one in made] == ["Ghent"] * 4 + ["Gent"] * 2


def test_keys_that_cannot_be_noted_leave_the_records_as_they_are(odoo: Installation) -> None:
    adapter = odoo.adapter()
    ids = [odoo.insert(name=f"Customer {n}", is_company=True) for n in range(2)]
    odoo.fault("database_down", "create ir.model.data")
    updates = [UpdateItem(one, {"city": "Gent"}, key=f"{n:032}") for n, one in enumerate(ids)]
    with pytest.raises(errors.Transient):
        adapter.update(CUSTOMER, updates)
    assert {one.values["city"] for one in adapter.fetch(CUSTOMER, ids).values()} == {None}
    assert outcomes(adapter.update(CUSTOMER, updates)) == ["ok", "ok"]
    found = adapter.find(CUSTOMER, [f"{n:032}" for n in range(2)])
    assert [[one.native_id for one in records] for records in found.values()] == [[ids[0]], [ids[1]]]


def test_what_was_written_before_a_part_failed_is_looked_up(odoo: Installation) -> None:
    """Called not written, it would be taken for a user's edit when it is read."""
    adapter = odoo.adapter()
    (made,) = adapter.create(CUSTOMER, [CreateItem("7" * 32, {"name": "Customer 7", "delivery.city": "Gent"})])
    odoo.fault("database_down", "load res.partner", after=1)  # the second: that of the address
    (result,) = adapter.update(
        CUSTOMER, [UpdateItem(str(made.native_id), {"city": "Lier", "delivery.city": "Aalst"}, key="7" * 32)]
    )
    assert (result.outcome, type(result.error)) == ("unknown", errors.InDoubt)
    assert odoo.rows()[str(made.native_id)]["city"] == "Lier"


class _AfterTheFirst:
    """Stands before every call; once the first record shows what was written, somebody edits the second."""

    def __init__(self, odoo: Installation, first: str, second: str) -> None:
        self.odoo, self.first, self.second, self.done = odoo, first, second, False

    def enter(self) -> None:
        if not self.done and self.odoo.rows()[self.first]["city"] == "Gent":
            self.done = True
            self.odoo.control("POST", "edit", object="res.partner", id=self.second, values={"street": "theirs"})

    def told(self, used: int, allowed: int) -> None:
        """Nothing is kept of it."""


def test_who_edits_between_two_imports_of_a_batch_is_not_written_over(odoo: Installation) -> None:
    adapter = odoo.adapter()
    first, second = (one.stored for one in adapter.create(CUSTOMER, [plain(1), plain(2)]))
    assert first is not None
    assert second is not None
    between = _AfterTheFirst(odoo, first.native_id, second.native_id)
    adapter.metered(between)
    updates = [
        UpdateItem(first.native_id, {"city": "Gent"}, first.version),
        UpdateItem(second.native_id, {"street": "ours"}, second.version),
    ]
    results = adapter.update(CUSTOMER, updates)
    assert between.done
    assert outcomes(results) == ["ok", "failed"]
    assert isinstance(results[1].error, errors.VersionConflict)
    assert odoo.rows()[second.native_id]["street"] == "theirs"


def test_a_table_that_cannot_be_read_is_no_fault_of_the_record(odoo: Installation) -> None:
    adapter = odoo.adapter()
    odoo.fault("database_down", "* res.country")
    with pytest.raises(errors.Transient):
        adapter.create(CUSTOMER, [CreateItem("1" * 32, {"name": "Customer 1", "country_id": "BE"})])
    made = adapter.create(CUSTOMER, [CreateItem("1" * 32, {"name": "Customer 1", "country_id": "BE"})])
    assert outcomes(made) == ["ok"]


def test_a_written_record_that_cannot_be_read_back_is_written(odoo: Installation) -> None:
    adapter = odoo.adapter()
    adapter.open([CUSTOMER])
    odoo.fault("database_down", "web_search_read res.partner")
    (result,) = adapter.create(CUSTOMER, [plain(1)])
    assert (result.outcome, result.stored) == ("ok", None)
    assert result.native_id in odoo.rows()


def test_nobody_there_is_transient(odoo: Installation) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # a port that nobody listens to
        adapter = odoo.adapter(url=f"http://127.0.0.1:{deaf.getsockname()[1]}", connect_timeout=2)
        with pytest.raises(errors.Transient):
            adapter.create(CUSTOMER, [plain(1)])
        with pytest.raises(errors.Transient):
            adapter.check()


Call = Callable[[OdooAdapter], object]
CALLS: list[Call] = [
    lambda adapter: adapter.check(),
    lambda adapter: adapter.changes(CUSTOMER, None, 10),
    lambda adapter: adapter.create(CUSTOMER, ITEMS),
    lambda adapter: adapter.update(CUSTOMER, [UpdateItem("1", {"name": "jane-the-secret-customer"})]),
]


@pytest.mark.parametrize("kind", ["", "drop_answer", "html", "database_down", "access_error", "status"])
def test_secrets_and_values_are_in_no_log_and_no_error(
    odoo: Installation, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for call in CALLS:
            adapter = odoo.adapter()
            if kind:
                odoo.fault(kind, "*", after=1, **({"status": 500, "body": PASSWORD} if kind == "status" else {}))
            try:
                told.append(repr(call(adapter)))
            except errors.BridgeError as error:
                chain: BaseException | None = error
                while chain is not None:
                    told += [str(chain), repr(chain), str(vars(chain))]
                    chain = chain.__cause__ or chain.__context__
            told += [repr(adapter), str(adapter), str(vars(adapter))]
            odoo.control("DELETE", "faults")
    text = "\n".join([*told, caplog.text, *(str(record.__dict__) for record in caplog.records)])
    for secret in (PASSWORD, API_KEY, "jane-the-secret-customer", "Söhne", "jane+"):
        assert secret not in text


def test_wrong_credentials_are_told_without_them(odoo: Installation) -> None:
    wrong = {"api_key": "wrong-hush"} if odoo.way.protocol == "json2" else {"password": "wrong-hush"}
    with pytest.raises(errors.AuthFailed) as caught:
        odoo.adapter(**wrong).check()
    assert "hush" not in str(caught.value)
    assert odoo.url not in str(caught.value)


def test_an_unknown_database_is_told_and_pauses_nobody(odoo: Installation) -> None:
    with pytest.raises(errors.Transient, match=r"does not know the database, or is not up.*`database`") as caught:
        odoo.adapter(database="nodb").check()
    assert "nodb" not in str(caught.value)


def test_a_database_that_is_down_has_the_class_of_an_unknown_one(odoo: Installation) -> None:
    adapter = odoo.adapter()
    adapter.open([CUSTOMER])
    odoo.fault("database_down", "web_search_read *")
    with pytest.raises(errors.BridgeError) as caught:
        adapter.changes(CUSTOMER, None, 10)
    assert type(caught.value) is errors.Transient


@pytest.mark.parametrize("body", ["[]", "null", "7", '"ok"', "{}", '{"jsonrpc": "2.0", "id": 1}', '{"result": ["x"]}'])
def test_an_answer_of_another_shape_is_no_result(odoo: Installation, body: str) -> None:
    answer = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
    adapter = odoo.adapter()
    adapter.open([CUSTOMER])
    calls: dict[str, Call] = {
        "web_search_read *": lambda one: one.changes(CUSTOMER, None, 10),
        "search_read ir.model.data": lambda one: one.find(CUSTOMER, [plain(1).key]),
        "search res.partner": lambda one: list(one.refs(CUSTOMER)),
        "fields_get *": lambda one: one.create(CUSTOMER, [plain(1)]),
    }
    for operation, call in calls.items():
        if body == "[]" and odoo.way.protocol == "json2" and operation.startswith("search"):
            continue  # a list is what is wanted there
        odoo.fault("status", operation, **answer)
        with pytest.raises(errors.Transient):
            call(adapter)
    odoo.fault("status", "load *", **answer)
    (result,) = adapter.create(CUSTOMER, [plain(1)])
    assert result.outcome == "unknown"
    assert isinstance(result.error, errors.InDoubt)
