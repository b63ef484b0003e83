"""Hints: what a system tells of its own changes (webhooks), as an adapter understands it.

A hint says that a record may have changed, and no more: the values that come with it are never used. So a forged hint
costs a reading, a lost one costs the time to the next poll, and neither changes what is agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from bridge.ports.adapter import SetupStep
from bridge.ports.records import ObjectSpec


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP request as it came.

    path: what stands behind the system's name in the address, without slashes around it. query: the last value of each
    name. headers: names in lower case. body: the raw bytes, over which signatures are made.
    """

    path: str = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that may have changed.

    object: the native object. native_id: of the record; empty where it is one of the object's, and not said which.
    delivery: what the system calls this telling, the same when it is repeated; empty where it has no name for it.
    """

    object: str
    native_id: str = field(default="", repr=False)
    delivery: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """A genuine delivery.

    answer, content_type: what the system wants to be answered once the hints are stored.
    wait: seconds until the records are read; for systems that tell before what they tell of can be read.
    """

    hints: tuple[Hint, ...]
    answer: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    wait: float = 0.0


Refusal = Literal["forged", "unreadable"]
"""forged: it does not prove where it comes from. unreadable: it does, and cannot be understood."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """How one system's deliveries are known and understood. hear is a pure function; secrets are compared in constant
    time.

    ending: what stands behind the system's name in its address, with the slash or question mark it begins with; secret
    where the system has no signature.
    """

    hear: Callable[[Delivery], Heard | Refusal] = field(repr=False)
    ending: str = field(default="", repr=False)


class ReceiverFactory(Protocol):
    """Makes the receiver of one system; None where its settings have no secrets for it. No I/O.

    Raises ConfigError naming every setting that cannot be used.
    """

    def __call__(self, system: str, settings: Mapping[str, object]) -> Receiver | None: ...


@runtime_checkable
class Installs(Protocol):
    """An adapter that can have its system send webhooks, or say how a person does."""

    def install_webhooks(self, specs: Sequence[ObjectSpec], url: str, *, apply: bool) -> list[SetupStep]:
        """Have the changes of these objects told to `url`, which holds secrets and is never printed.

        With apply=False only say what would be done. Made again, it changes nothing.
        """
