"""The plain store of the model test says what the real ones say: both live through the same histories."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from model.people import DeletingPeople
from support.plain_store import PlainStore
from support.twin_store import TwinStore

HISTORIES = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
    database=None,
)


class OnBoth(DeletingPeople):
    """Every question is asked of both stores, and must have the same answer."""

    store_kind = TwinStore


def test_both_give_the_same_answers() -> None:
    seed(1)(lambda: run_state_machine_as_test(OnBoth, settings=HISTORIES))()


def test_a_transaction_that_fails_leaves_nothing() -> None:
    store = PlainStore()
    try:
        with store.begin() as uow:
            uow.set_flag("a", "b")
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    with store.begin() as uow:
        assert uow.flag("a") is None
