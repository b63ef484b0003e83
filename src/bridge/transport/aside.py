"""A call in a thread of its own, for work that can be done while a server thinks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

_T = TypeVar("_T")


def aside(call: Callable[[], _T]) -> Callable[[], _T]:
    """Start a call (`bridge.engine.runtime.Aside`), with what logs and traces know of this place.

    The thread does not keep the process alive: one that is told to end at once ends, as it would in the midst of a call
    of its own.
    """
    answer: Future[_T] = Future()
    context = copy_context()

    def work() -> None:
        try:
            answer.set_result(context.run(call))
        except BaseException as error:  # whatever it is, it is raised where the answer is waited for
            answer.set_exception(error)

    Thread(target=work, name="call on its way", daemon=True).start()
    return answer.result
