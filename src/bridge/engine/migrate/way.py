"""The way of a migration: from which system into which. Only the second is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.engine.leftovers import let_go
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import Store
from bridge.ports.work import Link


@dataclass(frozen=True, slots=True)
class Way:
    """source: the system that is read. target: the system that is written."""

    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}"

    def leads(self, emap: EntityMap) -> bool:
        """Whether an entity is mapped on both sides."""
        return self.source in emap.systems and self.target in emap.systems

    def maps(self, maps: Mapping[str, EntityMap]) -> dict[str, EntityMap]:
        """The entities that are mapped on both sides, parents before children."""
        return {entity: emap for entity, emap in maps.items() if self.leads(emap)}


def linked_pages(store: Store, way: Way, entity: str, after: str, size: int) -> Iterator[dict[str, Link]]:
    """Native id -> link of the source's records, in the order of their ids, a page at a time.

    Each page is read in a transaction of its own: what is done with it may take its time.
    """
    while True:
        with store.begin() as uow:
            ids = uow.linked_page(way.source, entity, after, size)
            links = uow.links(way.source, entity, ids)
        if not ids:
            return
        after = ids[-1]
        yield {native_id: links[native_id] for native_id in ids if native_id in links}
        let_go()


def golden_ids(page: Mapping[str, Link]) -> Sequence[str]:
    """The golden records of a page, each once."""
    return list(dict.fromkeys(link.golden_id for link in page.values() if link.golden_id))
