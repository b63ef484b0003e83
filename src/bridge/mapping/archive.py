"""How a system archives a record: by its own way, or by the field and value that the mapping names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bridge.mapping.deletes import Deletes, native_value, plain
from bridge.mapping.file import SystemSection
from bridge.mapping.judge import Judge
from bridge.mapping.source import Steps
from bridge.mapping.words import paths
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec

ArchiveOf = Callable[[str], Mapping[str, str]]
"""Kind of adapter -> native field and value by which such a system archives a record; empty where it has no way."""

_EXAMPLE: Final = '{archive: {Active__c: "false"}}'


def no_archive(kind: str) -> Mapping[str, str]:
    """No kind of system is known to have a way of its own."""
    return {}


class Archives:
    """Judges the word `deletes` of each system. kinds: configured systems -> kind of adapter."""

    def __init__(self, judge: Judge, kinds: Mapping[str, str], archive_of: ArchiveOf) -> None:
        self.judge, self.kinds, self.archive_of = judge, kinds, archive_of

    def deletes(self, system: str, section: SystemSection, key: str | None, where: Sequence[Condition]) -> Deletes:
        """What deletes mean in this system. key: the native field of bridge's id there."""
        said = section.deletes
        if said.elsewhere != "archive":
            return Deletes(said.here, said.elsewhere)
        steps: Steps = ("systems", system, "deletes")
        kind = self.kinds.get(system)
        named = said.archive if said.archive is not None else self.archive_of(kind) if kind is not None else {}
        if not named and kind is not None:
            what = f"{system} ({kind}) has no way of its own to archive a record: name a field and its value, as"
            self.judge.error(steps, f"{what} {_EXAMPLE}", at_value=True)
        for path in named if said.archive is not None else ():
            self._field((*steps, "archive", path), path, key)
        archive = {path: native_value(value) for path, value in named.items()}
        for term in where:
            if term.op == "=" and term.path in archive and plain(_one(term.value)) != plain(archive[term.path]):
                words = f"an archived record does not meet the 'where' ({term.path}): edits made in it are not seen"
                self.judge.warning(steps, words)
        return Deletes(said.here, said.elsewhere, archive)

    def _field(self, steps: Steps, path: str, key: str | None) -> None:
        try:
            several = len(paths(path)) > 1
        except ValueError as error:
            self.judge.error(steps, str(error))
            return
        if several:
            self.judge.error(steps, "name each native field by itself, with its value")
        if path == key:
            self.judge.error(steps, f"'{path}' stores bridge's id")


def _one(value: object) -> NativeValue:
    return value if isinstance(value, bool | int | str) else None


def with_archive(spec: ObjectSpec, archive: Mapping[str, NativeValue]) -> ObjectSpec:
    """The specification with the fields of the archive, which have to be read and written like any other."""
    known = {one.path for one in spec.fields}
    more = tuple(
        FieldSpec(path, type="boolean" if isinstance(value, bool) else "text")
        for path, value in archive.items()
        if path not in known
    )
    return replace(spec, fields=spec.fields + more) if more else spec
