"""Servers that answer with what they were sent: headers, tokens, bodies. Nothing of it is repeated (G10)."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.config import load_config
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.ports.records import CreateItem, UpdateItem
from bridge.sandbox.kernel import Server
from bridge.wiring import make_adapters, make_maps
from e2e.marked import SECRETS, VENDORS, Watched, started, watched
from support.echo import ANYWHERE, OF_VENDOR, Answer

WRITES = {"crm": "create *", "erp": "load *", "fin": "insert*"}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    with started() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    with watched(tmp_path, servers, monkeypatch) as made:
        yield made
        for system in VENDORS:
            made.echo(system).answer = None
        made.nothing_left()


def answers(system: str) -> dict[str, Answer]:
    return {**ANYWHERE, **OF_VENDOR[VENDORS[system]]}


def rounds() -> Iterator[dict[str, Answer]]:
    """Each answer of each vendor once, all vendors side by side."""
    listed = {system: list(answers(system).values()) for system in VENDORS}
    for number in range(max(map(len, listed.values()))):
        yield {system: one[number % len(one)] for system, one in listed.items()}


def test_in_answer_to_a_write(site: Watched) -> None:
    """What a record holds, and what authorises the call, comes back in the refusal of the record."""
    site.fill()
    for answer in rounds():
        for system in VENDORS:
            echo = site.echo(system)
            echo.answer, echo.pattern = answer[system], WRITES[system]
        site.let_in_again(site.bridge("sync"))
        site.bridge("outbox", "replay", "--all")
    site.bridge("outbox", "list")
    assert all(site.echo(system).struck for system in VENDORS)


def test_in_answer_to_everything(site: Watched) -> None:
    for number, answer in enumerate(rounds()):
        for system in VENDORS:
            site.echo(system).answer, site.echo(system).pattern = answer[system], "*"
        said = site.bridge(*(("check",), ("sync", "--json"), ("mapping", "lint"), ("setup", "fin"))[number % 4])
        site.let_in_again(said)


CALLS: dict[str, Callable[[Adapter, EntityMap], Any]] = {
    "open": lambda adapter, emap: adapter.open([emap.spec(adapter.system)]),
    "check": lambda adapter, emap: adapter.check(),
    "schema": lambda adapter, emap: adapter.schema(emap.spec(adapter.system)),
    "setup": lambda adapter, emap: adapter.setup(emap.spec(adapter.system), apply=True),
    "changes": lambda adapter, emap: adapter.changes(emap.spec(adapter.system), None, 10),
    "refs": lambda adapter, emap: list(adapter.refs(emap.spec(adapter.system))),
    "fetch": lambda adapter, emap: adapter.fetch(emap.spec(adapter.system), ["1"]),
    "find": lambda adapter, emap: adapter.find(emap.spec(adapter.system), ["0" * 32]),
    "create": lambda adapter, emap: adapter.create(emap.spec(adapter.system), [item(emap, adapter.system)]),
    "update": lambda adapter, emap: adapter.update(emap.spec(adapter.system), [change(emap, adapter.system)]),
}


def item(emap: EntityMap, system: str) -> CreateItem:
    (path,) = next(unit for unit in emap.units if unit.name == "name").paths(system)
    return CreateItem("0" * 32, {path: "Zita Zwetschgenbaum"})


def change(emap: EntityMap, system: str) -> UpdateItem:
    return UpdateItem("1", item(emap, system).values, None, "0" * 32)


def raised(call: Callable[[Adapter, EntityMap], Any], adapter: Adapter, emap: EntityMap) -> list[BaseException]:
    """The error that a call raises, or those that its results carry. Nothing else stands in this frame."""
    try:
        answer = call(adapter, emap)
    except Exception as error:
        return [error]
    return [one.error for one in answer if getattr(one, "error", None)] if isinstance(answer, list) else []


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from chain(error.__cause__)
        error = error.__context__


def hanging_on(site: Watched, system: str, *, logged_in: bool) -> list[str]:
    """The marks found in all errors that the calls of an adapter come to: in text, repr, attributes, and the traceback
    with the variables of each frame; in causes and contexts too."""
    config = load_config(site.folder / "bridge.yaml")
    (emap,) = make_maps(config).values()
    seen: set[str] = set()
    for answer in answers(system).values():
        adapter = make_adapters(config, [system])[system]
        site.echo(system).answer = None
        if logged_in:
            adapter.open([emap.spec(system)])
        site.echo(system).answer, site.echo(system).pattern = answer, "*"
        for call in CALLS.values():
            for error in raised(call, adapter, emap):
                for one in chain(error):
                    told = traceback.TracebackException.from_exception(one, capture_locals=True)
                    seen.add(f"{''.join(told.format())} {vars(one)}")
        adapter.close()
    assert len(seen) > 20
    return site.secrets.found("\n".join(seen))


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("logged_in", [False, True])
@pytest.mark.parametrize("system", VENDORS)
def test_an_error_with_all_that_hangs_on_it(site: Watched, system: str, logged_in: bool) -> None:
    assert hanging_on(site, system, logged_in=logged_in) == []


@pytest.mark.usefixtures("credentials")
def test_without_the_wall_the_frames_tell_it(site: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail."""
    monkeypatch.setattr("bridge.wiring.silenced", lambda adapter, secrets: adapter)
    assert hanging_on(site, "erp", logged_in=True) != []
