"""Sandboxes, each served by a process of its own that ends with the one that started it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import requests

from bridge.sandbox.kernel import serve


class Desk:
    """One system as its users, and the checks, see it. url: where it is served."""

    def __init__(self, system: str, url: str) -> None:
        self.system, self.url = system, url
        self._session = requests.Session()

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """One request to the control plane."""
        answer = self._session.request(method, f"{self.url}/__sandbox__/{path}", json=given or None, timeout=60)
        assert answer.ok, f"{self.system} {path}: {answer.text[:300]}"
        return answer.json()

    def noted(self, path: str) -> Any:
        """What an application around the sandbox noted of its calls, where it tells it at this path."""
        return self._session.get(f"{self.url}{path}", timeout=60).json()


@contextmanager
def served(make: Callable[[], Any]) -> Iterator[str]:
    """The address of an application (`bridge.sandbox.kernel.application.Application`), made in its own process."""
    with apart(lambda stack: stack.enter_context(serve(make())).url) as url:
        yield url


@contextmanager
def apart(begin: Callable[[ExitStack], str]) -> Iterator[str]:
    """Begin something in a forked process, which ends with this one at the latest; gives what it has to tell."""
    reading, writing = os.pipe()
    until, alive = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.close(alive)
        try:
            with ExitStack() as stack:
                os.write(writing, begin(stack).encode())
                os.close(writing)
                os.read(until, 1)
        finally:
            os._exit(0)
    os.close(writing)
    os.close(until)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    try:
        yield told
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(alive)
