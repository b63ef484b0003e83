"""The systems: two sandboxes in one process of their own, which live on while bridge dies beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import requests

from bridge.sandbox import build
from bridge.sandbox.kernel import serve
from support.served import apart


@contextmanager
def running(sandboxes: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Iterator[dict[str, str]]:
    """Serve in a forked process; gives system -> address. sandboxes: system -> (vendor, options)."""

    def begin(stack: ExitStack) -> str:
        made = {system: build(vendor, **options) for system, (vendor, options) in sandboxes.items()}
        return json.dumps({system: stack.enter_context(serve(app)).url for system, app in made.items()})

    with apart(begin) as told:
        yield json.loads(told)


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
