"""The static judgements on a mapping: each finds one kind of mistake and says what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from bridge.canonical.codes import countries
from bridge.canonical.models import CanonicalField
from bridge.canonical.types import FIELD_TYPES
from bridge.mapping.columns import Cell
from bridge.mapping.source import Finding, Source, Steps, dotted, suggest
from bridge.mapping.units import Column, Policy, Unit


class Judge:
    """Collects findings. Each method is one rule."""

    def __init__(self, source: Source, systems: tuple[str, ...]) -> None:
        self.source = source
        self.systems = systems
        self.findings: list[Finding] = []

    @property
    def failed(self) -> bool:
        return any(finding.level == "error" for finding in self.findings)

    def error(self, steps: Steps, message: str, *, at_value: bool = False, offset: int = 0) -> None:
        found = self.source.finding("error", steps, message, at_value=at_value, offset=offset)
        if found not in self.findings:  # the same mistake of a line shows in every system of it
            self.findings.append(found)

    def warning(self, steps: Steps, message: str) -> None:
        self.findings.append(self.source.finding("warning", steps, message))

    def unknown(
        self, steps: Steps, what: str, word: str, known: Iterable[str], *, hint: str = "", at_value: bool = False
    ) -> None:
        """A name that means nothing here."""
        known = list(known)
        guess = suggest(word, known) or f" (known: {', '.join(known) or 'none'})"
        self.error(steps, f"unknown {what} '{word}'{guess}{f' ({hint})' if hint else ''}", at_value=at_value)

    def columns(self, steps: Steps, columns: Mapping[str, str], options: Iterable[str]) -> None:
        """Every key of a line is an option or a system of this file."""
        for name in columns:
            if name not in self.systems:
                self.unknown((*steps, name), "word", name, [*self.systems, *options])

    def known_systems(self, steps: Steps, named: Iterable[str], mapped: Collection[str]) -> None:
        """An option names only systems in which the line has a native field."""
        for system in named:
            if system not in self.systems:
                self.unknown(steps, "system", system, self.systems)
            elif system not in mapped:
                self.error(steps, f"it has no native field in '{system}'")

    def country(self, steps: Steps, code: str | None) -> None:
        """A system's country is an ISO code."""
        if code is not None and code not in countries():
            self.error(steps, f"'{code}' is not an ISO 3166-1 country code of two capital letters")

    def sides(self, steps: Steps, columns: Mapping[str, Column], reads: frozenset[str], writes: frozenset[str]) -> None:
        """Something is read and something is written."""
        if self._troubled(steps):
            return  # what is missing here may be what was misspelt there
        if not columns:
            self.error(steps, "no system has a native field for it")
        elif len(columns) == 1:
            self.warning(steps, f"only '{next(iter(columns))}' has it: nothing is kept the same")
        elif not reads:
            self.error(steps, "no system is read: its value comes from nowhere")
        elif not writes:
            self.error(steps, "no system is written: its value goes nowhere")
        for system in sorted(writes):
            if columns[system].one_way:
                self.error((*steps, "transform"), f"it serves reading only, but '{system}' is written; say 'from'")

    def _troubled(self, steps: Steps) -> bool:
        """Whether something is wrong inside this entry already."""
        inside = dotted(steps)
        return any(one.level == "error" and f"{one.where}.".startswith(f"{inside}.") for one in self.findings)

    def policy(self, steps: Steps, policy: Policy, known: CanonicalField | None, units: Collection[str]) -> None:
        """A rule for conflicts names what exists and suits the type."""
        kind = FIELD_TYPES[known.type] if known else None
        named = known.type if known else "group"
        if policy.kind == "prefer":
            for system in policy.order:
                if system not in self.systems:
                    self.unknown(steps, "system", system, self.systems)
            for system, times in Counter(policy.order).items():
                if times > 1:
                    self.error(steps, f"'{system}' stands there twice")
        elif policy.kind == "owner" and policy.order[0] not in units:
            self.unknown(steps, "field", policy.order[0], units)
        elif policy.kind in ("highest", "lowest") and not (kind and kind.ordered):
            self.error(steps, f"'{policy.kind}' needs numbers, dates or yes/no, and this is a {named}")
        elif policy.kind == "sum" and not (kind and kind.summable):
            self.error(steps, f"'sum' needs a number, and this is a {named}")
        elif policy.kind == "union" and not (known and known.type == "list"):
            self.error(steps, f"'union' needs a list, and this is a {named}")

    def missing(self, steps: Steps, word: str | None, refers: bool) -> None:
        """`missing` goes with a reference."""
        if word is not None and not refers:
            self.error(steps, "it refers to nothing that could be missing; 'missing' goes with 'ref'")

    def covered(self, steps: Steps, cells: Mapping[str, Cell], writes: frozenset[str]) -> None:
        """What one system can say, every system that is written can be told."""
        mapped = {system: one.values for system, one in cells.items() if one.values}
        said = {word for values in mapped.values() for word in values.write}
        for system, values in mapped.items():
            for word in sorted(said - set(values.write)):
                if system in writes:
                    self.error((*steps, "values", word), f"'{system}' has no native value for '{word}'")

    def tables(self, steps: Steps, tables: Mapping[str, str], keys: Mapping[str, str]) -> None:
        """Every system with a table says where it stores the key of a row."""
        for word, named in (("table", tables), ("key", keys)):
            for system in named:
                if system not in self.systems:
                    self.unknown((*steps, word, system), "system", system, self.systems)
        for system in tables:
            if system not in keys:
                self.error((*steps, "key"), f"no key for '{system}': where does a row store bridge's key?")

    def one_status(self, units: Sequence[Unit]) -> None:
        """Only one field says who owns what."""
        for unit in [unit for unit in units if unit.owners][1:]:
            self.error(("fields", unit.name, "owner"), "another field says who owns what already")

    def match_field(self, steps: Steps, name: str, units: Sequence[Unit], *, beside: bool) -> None:
        """A match rule names units, or members of groups. beside: a reference may stand there beside other fields,
        as in "the same name at the same customer"."""
        by_name = {unit.name: unit for unit in units}
        head, _, member = name.partition(".")
        unit = by_name.get(head)
        if unit is None or (member and member not in unit.members):
            members = [f"{u.name}.{m}" for u in units for m in u.members]
            self.unknown(steps, "field", name, [*(u.name for u in units if not u.members), *members], at_value=True)
        elif unit.members and not member:
            self.error(steps, f"'{name}' is a group: name one of {', '.join(unit.members)}", at_value=True)
        elif unit.record_ref and not beside:
            what = f"'{name}' refers to another record and is no mark of this one; it may stand beside others in 'same'"
            self.error(steps, what, at_value=True)

    def shared_paths(self, units: Sequence[Unit], keys: Mapping[str, str]) -> None:
        """No native field is written by two units, nor the one that stores bridge's id."""
        for system in self.systems:
            taken: dict[str, Unit] = {}
            for unit in units:
                steps: Steps = ("groups" if unit.members else "fields", unit.name)
                for path in unit.paths(system) if system in unit.writes else ():
                    if path == keys.get(system):
                        self.error(steps, f"'{path}' of '{system}' stores bridge's id")
                    if path in taken:
                        self.error(steps, f"'{path}' of '{system}' is written by '{taken[path].name}' already")
                    taken.setdefault(path, unit)
