"""The units of a mapping: what is merged as one (a field, or a whole group such as an address), and its columns.

A unit's *column* in a system says at which native paths that system keeps it, and turns native values into the
canonical value and back. The rows of a record have units of their own, one for each cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, get_args

from bridge.canonical.models import CanonicalField
from bridge.ports.records import FieldSpec, NativeValue
from bridge.ports.values import value
from bridge.ports.work import Canonical, Scalar

PolicyKind = Literal["newest", "prefer", "ask", "highest", "lowest", "union", "sum", "owner", "function"]
Moves = Mapping[str, frozenset[str]]
"""Value -> the values that can follow it, directly or by way of others."""
POLICY_KINDS: tuple[str, ...] = get_args(PolicyKind)

Empty = Literal["erases", "keeps"]
Missing = Literal["wait", "leave"]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One unit of one record that cannot be read. The message is for a person and never holds the value.

    path: the native field where the trouble is.
    code: what kind of trouble: unknown value, transform, or the type that the value does not fit (email, date, ...).
    """

    unit: str
    path: str
    code: str
    message: str


@value(frozen=True, slots=True)
class Decoded:
    """What a record says: unit -> canonical value for what could be read, and a problem for each that could not."""

    values: dict[str, Canonical]
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """How a conflict on a unit is settled.

    order: the systems of `prefer`, best first; the unit that decides for `owner`; the name of a `function`; else empty.
    """

    kind: PolicyKind
    order: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "prefer":
            return f"prefer {' > '.join(self.order)}"
        if self.kind == "function":
            return f"function {self.order[0]}"
        return f"owner by {self.order[0]}" if self.kind == "owner" else self.kind


@dataclass(frozen=True, slots=True)
class RecordRef:
    """The unit holds the id of a record of this entity: native ids in systems, golden ids in the golden record."""

    entity: str


@dataclass(frozen=True, slots=True)
class MatchRule:
    """How records of different systems are recognised as the same.

    kind: same = equal canonical values; similar = alike enough.
    fields: units, or "unit.member" of a group. An empty value never matches.
    above: least likeness between 0 and 1, for similar.
    then: link them, or put the pair before a person.
    """

    kind: Literal["same", "similar"]
    fields: tuple[str, ...]
    above: Decimal | None = None
    then: Literal["link", "review"] = "link"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One unit in one system.

    read: the native values at `paths`, in order -> canonical value; raises InvalidValue.
    write: canonical value -> native values in the same order; raises InvalidValue where it cannot be expressed.
    lossy: what is written may read back as less (declared by its transform). one_way: it cannot be written at all.
    choices: path -> the native values that a value map reads there; written: path -> those it writes;
        named: field or member -> the canonical values that its map has. All empty without a value map.
    homes: path -> member, for a group whose members have native fields of their own.
    silent: paths that are read and never written (the delivery status beside the state of an order).
    as_is: whether a value, or each member of a group, is written as it is, to the path that stands at its place.

    Without paths it is a constant: what is so for every record of the system (the one currency of an org).
    """

    system: str
    paths: tuple[str, ...]
    members: tuple[str, ...]
    fields: tuple[FieldSpec, ...]
    read: Callable[..., Canonical] = field(repr=False)
    write: Callable[[Canonical], Sequence[NativeValue]] = field(repr=False)
    lossy: bool = False
    one_way: bool = False
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    written: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: Mapping[str, tuple[Scalar | list[str], ...]] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    as_is: bool = False

    def member_at(self, path: str) -> str | None:
        """The member of the group that lives at this path; None for a plain field, or a group kept in one field."""
        return self.homes.get(path)


@dataclass(frozen=True, slots=True)
class Unit:
    """What is merged as one.

    members: names of a group's members, in fixed order; empty for a plain field.
    fields: what the canonical model says of it: the field itself, or the group's members.
    kind: the canonical type, or "group".
    reads, writes: systems whose word counts, systems it is written to.
    on_create_only: systems that get it when a record is created and never again.
    empty: whether emptying it in one system empties it everywhere.
    default: what a create sends where the golden value is empty; `defaults` where that differs by system.
    missing: where the record (or user) it refers to is not in the target system: wait for it, or leave the field out.
    moves: for a status: which values can follow which; empty where any can follow any. It is written after all else.
    owners: for a status: value -> the systems whose word counts while it stands, best first.
    control: each system's own sum of the same thing: compared, never written.
    place: the entry of the mapping file that it comes from.
    """

    name: str
    kind: str
    columns: Mapping[str, Column] = field(repr=False, compare=False)
    members: tuple[str, ...] = ()
    fields: tuple[CanonicalField, ...] = field(default=(), repr=False, compare=False)
    policy: Policy = Policy("newest")
    record_ref: RecordRef | None = None
    required: bool = False
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    on_create_only: frozenset[str] = frozenset()
    empty: Empty = "erases"
    missing: Missing = "wait"
    default: Canonical = field(default=None, hash=False)
    defaults: Mapping[str, Canonical] = field(default_factory=dict, hash=False)
    moves: Moves = field(default_factory=dict, hash=False)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    control: bool = False
    place: tuple[str, ...] = field(default=(), compare=False)

    @property
    def computed(self) -> tuple[str, str] | None:
        """The two units that this one is the difference of; None for one that systems have a word on."""
        return self.fields[0].computed if len(self.fields) == 1 else None

    @property
    def plain(self) -> bool:
        """Whether nothing is special about it: a first word on it is the value, or seconds it, or is disputed."""
        special = self.control or self.computed or self.owners or self.moves or self.record_ref or self.kind == "rows"
        return not special and self.policy.kind not in ("owner", "sum")

    def paths(self, system: str) -> tuple[str, ...]:
        """The native paths that hold this unit in a system; empty if it is not mapped there."""
        column = self.columns.get(system)
        return column.paths if column else ()

    def members_in(self, system: str) -> tuple[str, ...]:
        """The members of the group that a system can express; empty for a plain field."""
        column = self.columns.get(system)
        return column.members if column else ()

    def default_for(self, system: str) -> Canonical:
        """What a create in this system sends where the golden value is empty."""
        return self.defaults.get(system, self.default)


Key = tuple[str, str]
"""A table and the key of one of its rows."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a record.

    keys: the unit that says which rows there are; its value is the sorted list of their keys.
    cells: the fields of a row, without a key: their names are "lines[].quantity", their paths "order_line[].qty".
    """

    name: str
    keys: Unit
    cells: tuple[Unit, ...]


def in_rows(template: str, names: Iterable[str]) -> list[str]:
    """The names that `template` stands for: "lines[].product" for that cell of every row; a plain one for itself."""
    head, marked, tail = template.partition("[]")
    if not marked:
        return [name for name in names if name == template]
    return [name for name in names if name.startswith(f"{head}[") and name.endswith(f"]{tail}")]


def cell_of(unit: Unit, key: str) -> Unit:
    """A field of the row with this key: a unit like any other."""
    place = f"[{key}]"
    columns = {
        system: replace(column, paths=tuple([path.replace("[]", place, 1) for path in column.paths]))
        for system, column in unit.columns.items()
    }
    return replace(unit, name=unit.name.replace("[]", place, 1), columns=columns)
