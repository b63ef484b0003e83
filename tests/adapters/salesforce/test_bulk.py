"""Bulk API 2.0 over the sandbox: every row gets its own result, whatever file it stands in and in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from adapters.salesforce.test_sandbox import ACCOUNT, _adapter, _control
from bridge.adapters.salesforce import bulk
from bridge.ports import errors
from bridge.ports.adapter import Adapter
from bridge.ports.records import CreateItem
from bridge.sandbox.kernel import PREFIX, Server, serve
from bridge.sandbox.salesforce import build

AWKWARD = 'O\'Neil, "Söhne"\nund 🚀; #N/A, =1+1'


@pytest.fixture
def server() -> Iterator[Server]:
    server = serve(build(key_field=True)).start()
    yield server
    server.stop()


@pytest.fixture
def adapter(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Adapter]:
    monkeypatch.setattr(bulk, "FIRST_LOOK", 0.01)
    adapter = _adapter(server, bulk=3)
    yield adapter
    adapter.close()


def operations(server: Server) -> list[str]:
    calls = requests.get(f"{server.url}{PREFIX}calls", timeout=10).json()
    return [call["operation"] for call in calls]


def items(number: int, **more: Any) -> list[CreateItem]:
    return [CreateItem(f"key-{n}", {"Name": f"Firma {n}", **more}) for n in range(number)]


def test_many_new_records_go_as_one_job(server: Server, adapter: Adapter) -> None:
    batch = [*items(5), CreateItem("key-5", {"Name": AWKWARD, "Credit__c": "12345678901.05", "Description": "a\nb"})]
    results = adapter.create(ACCOUNT, batch)
    assert [one.outcome for one in results] == ["ok"] * 6
    assert [one.stored.key if one.stored else None for one in results] == [one.key for one in batch]
    held = results[5].stored.values if results[5].stored else {}
    assert (held["Name"], held["Credit__c"], held["Description"]) == (
        AWKWARD,
        "12345678901.05",
        "a\nb",
    )
    assert "create Account" not in operations(server)
    assert [one for one in operations(server) if one.startswith("job ")] == [
        "job batches",
        "job unprocessedrecords",
        "job failedResults",
        "job successfulResults",
    ]


def test_few_records_and_updates_go_as_ever(server: Server, adapter: Adapter) -> None:
    assert [one.outcome for one in adapter.create(ACCOUNT, items(3))] == ["ok"] * 3
    assert not [one for one in operations(server) if "job" in one]


def test_a_refused_row_fails_alone_and_a_key_that_is_there_leads_to_its_record(adapter: Adapter) -> None:
    (there,) = adapter.create(ACCOUNT, [CreateItem("key-1", {"Name": "Before"})])
    batch = items(4)
    batch[2] = CreateItem("key-2", {"Name": "x", "Email__c": "no address"})
    results = adapter.create(ACCOUNT, batch)
    assert [one.outcome for one in results] == ["ok", "ok", "failed", "ok"]
    assert isinstance(results[2].error, errors.Rejected)
    assert results[2].error.fields == ("Email__c",)
    assert (results[1].native_id, results[1].created) == (there.native_id, False)
    assert results[1].stored is not None
    assert results[1].stored.values["Name"] == "Before", "what users changed since is not overwritten"


def test_rows_that_were_not_come_to_are_tried_again(server: Server, adapter: Adapter) -> None:
    _control(server, "faults", {"kind": "unprocessed", "operation": "update job", "rows": 2})
    results = adapter.create(ACCOUNT, items(5))
    assert [one.outcome for one in results] == ["ok"] * 3 + ["failed"] * 2
    assert all(isinstance(one.error, errors.Transient) for one in results[3:])


@pytest.mark.parametrize("operation", ["update job", "read job", "job failedResults"])
def test_a_job_that_was_lost_sight_of_leaves_its_rows_in_doubt(
    server: Server, adapter: Adapter, operation: str
) -> None:
    _control(server, "faults", {"kind": "drop_answer", "operation": operation})
    results = adapter.create(ACCOUNT, items(4))
    assert [one.outcome for one in results] == ["unknown"] * 4
    found = adapter.find(ACCOUNT, ["key-0", "key-3"])
    assert [len(one) for one in found.values()] == [1, 1]
    assert [one.created for one in adapter.create(ACCOUNT, items(4))] == [False] * 4, "nothing is made twice"


@pytest.mark.parametrize("operation", ["create job", "job batches"])
def test_before_the_job_is_closed_nothing_was_written(server: Server, adapter: Adapter, operation: str) -> None:
    _control(server, "faults", {"kind": "drop_answer", "operation": operation})
    with pytest.raises(errors.Transient):
        adapter.create(ACCOUNT, items(4))
    assert adapter.find(ACCOUNT, ["key-0"]) == {"key-0": []}


def test_a_session_that_ends_on_the_way_is_renewed(server: Server, adapter: Adapter) -> None:
    _control(server, "faults", {"kind": "expired_token", "operation": "job batches"})
    assert [one.outcome for one in adapter.create(ACCOUNT, items(4))] == ["ok"] * 4


def test_who_may_not_use_jobs_writes_as_ever(server: Server, adapter: Adapter) -> None:
    body = [{"errorCode": "FUNCTIONALITY_NOT_ENABLED", "message": "no bulk"}]
    _control(server, "faults", {"kind": "status", "operation": "create job", "status": 403, "body": body})
    assert [one.outcome for one in adapter.create(ACCOUNT, items(4))] == ["ok"] * 4
    assert "create Account" in operations(server)
