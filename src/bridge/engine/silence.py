"""Silence: what leaves an adapter holds no secret, whatever a server says and whatever breaks (guarantee G10).

Adapters keep their errors free of values themselves. This is the wall behind them, in one place and for adapters of
other authors too: texts lose the system's secrets in every usual spelling, an error loses the frames and faults behind
it (their variables are requests, with headers and bodies), and what is no error of bridge's becomes one without a text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote, quote_plus

from bridge.engine.outbox.reaction import as_bridge_error
from bridge.ports.adapter import Adapter, Health, SetupStep
from bridge.ports.errors import BridgeError, ConfigError, InDoubt, Rejected
from bridge.ports.records import WriteResult

SHORTEST: Final = 8
"""Letters of a secret that is looked for. A shorter one ("admin") is a word that stands in any text."""

HIDDEN: Final = "(hidden)"


class Secrets:
    """The secrets of one system, each in the spellings in which servers and libraries repeat it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._all = sorted({form for one in secrets if len(one) >= SHORTEST for form in _forms(one)}, key=len)[::-1]

    def __repr__(self) -> str:
        return "Secrets(…)"

    def hide(self, text: str) -> str:
        """The text with each secret replaced."""
        for secret in self._all:
            text = text.replace(secret, HIDDEN)
        return text


def _forms(secret: str) -> set[str]:
    lines = [line.strip() for line in secret.splitlines()]  # of a key in PEM form, each line is one
    parts = [secret, *(line for line in lines if len(line) >= SHORTEST and not line.startswith("-----"))]
    found: set[str] = set()
    for part in parts:
        coded = base64.b64encode(part.encode()).decode()
        found |= {part, quote(part, safe=""), quote_plus(part), json.dumps(part)[1:-1], coded, coded.rstrip("=")}
    return found


def silenced(adapter: Adapter, secrets: Secrets) -> Adapter:
    """The same adapter behind the wall."""
    return cast(Adapter, _Silenced(adapter, secrets))


class _Silenced:
    """Passes everything on to the adapter, and looks at what comes back."""

    def __init__(self, real: Adapter, secrets: Secrets) -> None:
        self._real, self._secrets = real, secrets

    def __repr__(self) -> str:
        return repr(self._real)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # also keeps copy and pickle from looking for _real before there is one
            raise AttributeError(name)
        found = getattr(self._real, name)
        return self._guarded(found) if callable(found) else found

    def _guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*args: Any, **named: Any) -> Any:
            try:
                answer = method(*args, **named)
                return self._iterated(answer) if isinstance(answer, Iterator) else self._answer(answer)
            except Exception as error:
                clean = self._error(error)
            raise clean  # outside the handler: else the fault would be its context

        return call

    def _iterated(self, pages: Iterator[Any]) -> Iterator[Any]:
        while True:
            try:
                page = next(pages)
            except StopIteration:
                return
            except Exception as error:
                clean = self._error(error)
            else:
                yield page
                continue
            raise clean

    def _answer(self, answer: Any) -> Any:
        if isinstance(answer, Health):
            hide = self._secrets.hide
            return replace(
                answer,
                version=hide(answer.version),
                user=hide(answer.user),
                problems=tuple(hide(problem) for problem in answer.problems),
            )
        if isinstance(answer, list):
            return [self._item(item) for item in answer]
        return answer

    def _item(self, item: Any) -> Any:
        if isinstance(item, WriteResult) and item.error is not None:
            return replace(item, error=self._error(item.error))
        if isinstance(item, SetupStep) and item.detail:
            return replace(item, detail=self._secrets.hide(item.detail))
        return item

    def _error(self, error: BaseException) -> BridgeError:
        system = self._real.system
        known = error if isinstance(error, BridgeError) else _unexpected(error, system)
        hide = self._secrets.hide
        known.message = hide(known.message)
        known.args = (known.message,)
        known.vendor_code = hide(known.vendor_code) if known.vendor_code else None
        if isinstance(known, ConfigError):
            known.problems = [hide(problem) for problem in known.problems]
        if isinstance(known, Rejected):
            known.fields = tuple(hide(name) for name in known.fields)
        known.__cause__ = known.__context__ = None
        return known.with_traceback(None)


def _unexpected(error: BaseException, system: str) -> BridgeError:
    """What an adapter should not have let out, with the place where it arose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    known = as_bridge_error(error, system)
    if trace is None:
        return known
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return InDoubt(f"{known.message.removesuffix(')')} at {place})", system=system)
