"""Due: what one system must be told about one golden record, derived from golden record and shadow alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bridge.engine.merge.form import Form
from bridge.mapping.compiled import Unit
from bridge.ports.errors import MappingError
from bridge.ports.records import NativeValue
from bridge.ports.work import Golden, Shadow


@dataclass(frozen=True, slots=True)
class Due:
    """The values to send and what stands in the way.

    missing: units that refer to a record which the system does not have yet, left out for now.
    blocked: the same, where the record cannot be written at all before (a create that lacks a required reference).
    problems: sentences on units that the system cannot express.
    """

    values: dict[str, NativeValue]
    missing: tuple[str, ...] = ()
    blocked: bool = False
    problems: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the system is in step, as far as anything can be done about it."""
        return not (self.values or self.missing or self.problems)


def due_update(form: Form, golden: Golden, shadow: Shadow) -> Due:
    """What a linked record lacks: for each unit the system takes, unless it shows the golden value already."""
    late = [
        unit
        for unit in _written(form, golden)
        if unit.name not in shadow.stopped
        and form.system not in unit.on_create_only
        and not (unit.empty == "keeps" and golden.values.get(unit.name) is None)
        and not form.in_step(unit, golden.values.get(unit.name), shadow.values, shadow.echo)
    ]
    due = _encode(form, golden, late)
    # Only what differs: a group is decided as one unit, but a system is told no more than it has to be.
    values = {path: v for path, v in due.values.items() if path not in shadow.values or shadow.values[path] != v}
    return Due(values, due.missing, problems=due.problems)


def due_create(form: Form, golden: Golden, left: Collection[str] = ()) -> Due:
    """What a new record is made of: every value there is, and the defaults of the mapping where there is none.

    left: units to leave out, because the system has nothing that they could refer to.
    """
    units = [unit for unit in _written(form, golden) if unit.name not in left]
    due = _encode(form, golden, [unit for unit in units if golden.values.get(unit.name) is not None])
    values: dict[str, NativeValue] = {path: value for path, value in due.values.items() if value is not None}
    problems = list(due.problems)
    for unit in form.emap.units:
        if form.system not in unit.writes or golden.values.get(unit.name) is not None:
            continue
        default = unit.default_for(form.system)
        if default is not None:
            values.update(form.write(unit, default) or {})
        elif unit.required:
            problems.append(f"{unit.name} is required and empty")
    blocked = any(unit.name in due.missing and unit.required for unit in units)
    return Due(values, due.missing, blocked, tuple(problems))


def _written(form: Form, golden: Golden) -> Iterable[Unit]:
    """Units that the system takes, on which somebody has a word, and that no open conflict holds."""
    for unit in form.emap.units:
        if form.system in unit.writes and unit.name in golden.provenance and unit.name not in golden.held:
            yield unit


def _encode(form: Form, golden: Golden, units: Iterable[Unit]) -> Due:
    values: dict[str, NativeValue] = {}
    missing: list[str] = []
    problems: list[str] = []
    for unit in units:
        try:
            encoded = form.write(unit, golden.values.get(unit.name))
        except MappingError as error:
            problems.append(error.message)
            continue
        if encoded is None:
            if unit.missing != "leave":
                missing.append(unit.name)
        else:
            values.update(encoded)
    return Due(values, tuple(missing), problems=tuple(problems))
