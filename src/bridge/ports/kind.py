"""What an adapter's entry point names: how to make one, what its settings are, and what it says it can do.

    @adapter_kind(settings=Settings, level="reads", support={"customer": EntitySupport()}, columns="columns")
    def make(system, settings):
        return AcmeAdapter(system, checked(Settings, system, settings))

A plain function `make(system, settings)` is an adapter too; it only says nothing of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from pydantic import BaseModel

from bridge.ports.adapter import Adapter, AdapterFactory, Capabilities, Support
from bridge.ports.errors import BridgeError
from bridge.ports.hints import ReceiverFactory

Level = Literal["reads", "writes", "deletes"]
LEVELS: Final[tuple[Level, ...]] = ("reads", "writes", "deletes")
"""What of the contract an adapter keeps; each includes the ones before it.

reads: changes, look-ups, schema, and what a reading meets. writes: creates and updates with versions, keys, and what a
write meets. deletes: deletes, tombstones, and finding what went missing or was changed behind its back (drift)."""

ANY_ENTITY: Final = "*"


@dataclass(frozen=True, slots=True)
class EntitySupport:
    """What an adapter does with the objects of one entity. By default it reads and no more.

    versions: whether a stale write is refused (`Capabilities.conditional_update`).
    tombstones: whether the system tells what was deleted (`Capabilities.deletes_feed`).
    """

    read: Support = "native"
    create: Support = "unsupported"
    update: Support = "unsupported"
    delete: Support = "unsupported"
    versions: Support = "unsupported"
    tombstones: Support = "unsupported"

    def as_told_by(self, told: Capabilities) -> EntitySupport:
        """The same, as the adapter's own `capabilities` say it: the two have to agree."""
        return EntitySupport(
            self.read, told.create, told.update, told.delete, told.conditional_update, told.deletes_feed
        )


class ErrorRow(Protocol):
    """A row of an adapter's table of errors: what becomes of an answer, and how we know."""

    @property
    def error(self) -> type[BridgeError]:
        """The class where nothing was to be written."""

    @property
    def words(self) -> str:
        """What a person is told."""

    @property
    def source(self) -> str:
        """A recording, a place in the vendor's documentation or source, a standard; or "assumed: …"."""


@dataclass(frozen=True, slots=True)
class AdapterKind:
    """A kind of system that bridge can talk to. Calling it makes the adapter of one system.

    factory: builds the adapter; no I/O. Raises ConfigError naming every setting that cannot be used.
    settings: the adapter's own model of its settings; None where it says nothing of them.
    level: how much of the contract it keeps.
    support: entity -> what it does with it; `ANY_ENTITY` stands for all others.
    errors: the rows of its table of errors.
    columns: a folder beside the factory's module with one mapping file for each entity, of one system called `self`:
        what `bridge init --system` begins with; empty where there is none.
    archive: native field -> value by which such a system sets a record inactive instead of deleting it (`deletes:
        archive` in a mapping), as the mapping file would write it; empty where it has no way of its own.
    receiver: understands the webhooks of such a system (`bridge.ports.hints`); None where it sends none.
    """

    factory: AdapterFactory
    settings: type[BaseModel] | None = None
    level: Level = "reads"
    support: Mapping[str, EntitySupport] = field(default_factory=dict)
    errors: tuple[ErrorRow, ...] = ()
    columns: str = ""
    archive: Mapping[str, str] = field(default_factory=dict)
    receiver: ReceiverFactory | None = None

    def __call__(self, system: str, settings: Mapping[str, object]) -> Adapter:
        return self.factory(system, settings)

    def supports(self, entity: str) -> EntitySupport | None:
        """What is said of an entity; None where nothing is."""
        return self.support.get(entity, self.support.get(ANY_ENTITY))


def adapter_kind(
    *,
    settings: type[BaseModel] | None = None,
    level: Level = "reads",
    support: Mapping[str, EntitySupport] | None = None,
    errors: tuple[ErrorRow, ...] = (),
    columns: str = "",
    archive: Mapping[str, str] | None = None,
    receiver: ReceiverFactory | None = None,
) -> Callable[[AdapterFactory], AdapterKind]:
    """Makes the factory below it an adapter kind. The words are those of `AdapterKind`."""

    def described(factory: AdapterFactory) -> AdapterKind:
        said = dict(support or {})
        return AdapterKind(factory, settings, level, said, errors, columns, dict(archive or {}), receiver)

    return described
