"""The systems: two sandboxes in one process of their own, which live on while bridge dies beside them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import requests

from bridge.sandbox import build
from bridge.sandbox.kernel import serve


@contextmanager
def running(sandboxes: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Iterator[dict[str, str]]:
    """Serve in a forked process; gives system -> address. sandboxes: system -> (vendor, options)."""
    reading, writing = os.pipe()
    until, alive = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.close(alive)
        _serve(sandboxes, writing, until)
    os.close(writing)
    os.close(until)
    with os.fdopen(reading) as pipe:
        urls: dict[str, str] = json.loads(pipe.readline())
    try:
        yield urls
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(alive)


def _serve(sandboxes: Mapping[str, tuple[str, Mapping[str, Any]]], writing: int, until: int) -> None:
    """Serve until the other end of `until` is closed: at the latest by the end of the process that started this."""
    try:
        with ExitStack() as stack:
            urls = {
                system: stack.enter_context(serve(build(vendor, **options))).url
                for system, (vendor, options) in sandboxes.items()
            }
            os.write(writing, f"{json.dumps(urls)}\n".encode())
            os.close(writing)
            os.read(until, 1)
    finally:
        os._exit(0)


class Control:
    """The control plane of one sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """One request. Raises AssertionError with the sandbox's words where it refuses."""
        answer = self.session.request(method, f"{self.url}/__sandbox__/{path}", json=given or None, timeout=60)
        assert answer.ok, f"{path} {given.get('object', '')}: {answer.text[:500]}"
        return answer.json()

    def edit(self, object_: str, id_: str, **values: Any) -> None:
        """A person edits a record."""
        self.ask("POST", "edit", object=object_, id=id_, values=values)

    def make(self, object_: str, **values: Any) -> str:
        """A record is made; answers its id."""
        (made,) = self.ask("POST", "seed", records=[{"object": object_, "values": values}])["ids"]
        return str(made)
