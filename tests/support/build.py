"""Small mappings, built in memory, for the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from bridge.engine.merge.draft import Circumstances
from bridge.engine.merge.form import Form, RefBook
from bridge.engine.merge.observe import Outcome, observe
from bridge.engine.merge.sighting import Sighting
from bridge.mapping.archive import with_archive
from bridge.mapping.compiled import EntityMap
from bridge.mapping.deletes import Deletes
from bridge.mapping.units import Column, MatchRule, Policy, RecordRef, Unit
from bridge.ports.records import FieldSpec, NativeRecord, NativeValue, ObjectSpec
from bridge.ports.work import Canonical, Conflict, Golden, Intent, Shadow

SYSTEMS = ("crm", "erp", "fin")
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """An instant of the tests' day."""
    return START + timedelta(seconds=seconds)


def field(
    name: str,
    *,
    policy: Policy | None = None,
    systems: Sequence[str] = SYSTEMS,
    writes: Sequence[str] | None = None,
    reads: Sequence[str] | None = None,
    codecs: Mapping[str, tuple[Callable[[NativeValue], Canonical], Callable[[Canonical], NativeValue]]] | None = None,
    ref: str | None = None,
    required: bool = False,
    empty: str = "erases",
    default: Canonical = None,
) -> Unit:
    """A unit that each system keeps in a field of the same name."""

    def column(system: str) -> Column:
        decode, encode = (codecs or {}).get(system, (lambda value: value, lambda value: value))
        return Column(
            system,
            (name,),
            (),
            (FieldSpec(name, "record" if ref else None),),
            read=decode,
            write=lambda value: (encode(value),),
        )

    return Unit(
        name,
        "text",
        {system: column(system) for system in systems},
        policy=policy or Policy("newest"),
        record_ref=RecordRef(ref) if ref else None,
        required=required,
        reads=frozenset(systems if reads is None else reads),
        writes=frozenset(systems if writes is None else writes),
        empty=empty,
        default=default,
    )


def group(name: str, members: Sequence[str], *, has: Mapping[str, Sequence[str]] | None = None) -> Unit:
    """A group whose members each system keeps in fields "name.member"; `has` says which of them, where not all."""

    def column(system: str) -> Column:
        mine = tuple((has or {}).get(system, members))

        def read(*values: NativeValue) -> Canonical:
            found = dict(zip(mine, values, strict=True))
            return {member: found.get(member) for member in members} if any(v is not None for v in values) else None

        def write(value: Canonical) -> Sequence[NativeValue]:
            return [value.get(member) if isinstance(value, dict) else None for member in mine]

        paths = tuple(f"{name}.{member}" for member in mine)
        return Column(system, paths, mine, tuple(FieldSpec(path) for path in paths), read=read, write=write)

    return Unit(
        name,
        "group",
        {system: column(system) for system in SYSTEMS},
        members=tuple(members),
        reads=frozenset(SYSTEMS),
        writes=frozenset(SYSTEMS),
    )


def entity(
    *units: Unit,
    name: str = "customer",
    systems: Sequence[str] = SYSTEMS,
    first_contact: Policy | None = None,
    match: Sequence[MatchRule] = (),
    deletes: Sequence[str] | Mapping[str, Deletes] = (),
) -> EntityMap:
    """A mapping of one entity. deletes: what they mean in each system, or just those in which a record goes too."""
    said = deletes if isinstance(deletes, Mapping) else dict.fromkeys(deletes, Deletes(elsewhere="delete"))
    specs = {
        system: with_archive(
            ObjectSpec(
                name,
                name.title(),
                "key",
                tuple(spec for unit in units if unit.paths(system) for spec in _fields(unit, system)),
            ),
            said.get(system, Deletes()).archive,
        )
        for system in systems
    }
    return EntityMap(
        entity=name,
        units=units,
        specs=specs,
        match=match,
        first_contact=first_contact,
        digest="d",
        deletes=said,
    )


def _fields(unit: Unit, system: str) -> tuple[FieldSpec, ...]:
    return unit.columns[system].fields


class Scene:
    """One golden record and its shadows, to which systems speak one after the other."""

    def __init__(
        self, emap: EntityMap, *, tolerance: float = 2, apart: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self.emap, self.apart = emap, apart or {}
        self.golden = Golden(emap.entity, "g1", 0, {}, {})
        self.shadows: dict[str, Shadow] = {}
        self.journal: dict[str, Conflict] = {}
        self.refs = RefBook()
        self._ids = count(1)
        self._tolerance = timedelta(seconds=tolerance)
        self._versions = count(1)

    def form(self, system: str) -> Form:
        return Form(self.emap, system, self.refs)

    def says(
        self,
        system: str,
        values: Mapping[str, NativeValue],
        seconds: float = 0,
        *,
        intent: Intent | None = None,
        answered: bool = False,
        version: str | None = None,
    ) -> Outcome:
        """A system shows these values, changed at the given second."""
        version = version or f"v{next(self._versions)}"
        record = NativeRecord(f"{system}-1", dict(values), version, at(seconds))
        held = {c.unit: c for c in self.journal.values() if c.state == "held"}
        sighting = Sighting(
            record, self.golden, self.shadows.get(system), "f", intent, answered, held, self.apart.get(system, ())
        )
        around = Circumstances(at(seconds), "run", self._tolerance, lambda: f"c{next(self._ids)}")
        outcome = observe(self.form(system), sighting, around)
        self.golden, self.shadows[system] = outcome.golden, outcome.shadow
        self.journal.update({conflict.id: conflict for conflict in outcome.conflicts})
        return outcome

    def written(
        self,
        system: str,
        values: Mapping[str, NativeValue],
        stored: Mapping[str, NativeValue] | None = None,
        seconds: float = 0,
    ) -> Outcome:
        """Bridge writes `values` and reads back what is stored (all that was there before stays)."""
        shadow = self.shadows.get(system)
        before = dict(shadow.values) if shadow else {}
        intent = Intent(
            "update" if shadow else "create",
            shadow.native_id if shadow else None,
            {path: before.get(path) for path in values} if shadow else {},
            values,
            shadow.version if shadow else None,
        )
        now = {**before, **values, **(stored or {})}
        return self.says(system, now, seconds, intent=intent, answered=True)

    @property
    def conflicts(self) -> list[Conflict]:
        return list(self.journal.values())
