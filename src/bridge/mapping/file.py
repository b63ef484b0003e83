"""A mapping file as an analyst writes it, as pydantic models. Unknown words are errors.

This is syntax only: each word is well-formed by itself. Whether the fields, systems and transforms that are named
exist and fit together is judged in `build`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from bridge.mapping import words
from bridge.mapping.deletes import DeletesSection, DeletesWord
from bridge.mapping.units import Policy


def _parsed(parse: Callable[[str], Any], pattern: str, description: str) -> tuple[Any, ...]:
    """Annotations for a word with a grammar of its own."""

    def read(value: object) -> Any:
        if not isinstance(value, str):
            raise ValueError("expected one word or phrase here")
        return parse(value)

    schema = {"type": "string", "pattern": pattern, "description": description}
    return BeforeValidator(read), PlainSerializer(str, return_type=str), WithJsonSchema(schema)


_SYSTEM = "[A-Za-z_][A-Za-z0-9_-]*"
DirectionWord = Annotated[
    words.Direction, *_parsed(words.direction, f"^(both|(from|to)( {_SYSTEM})+)$", "both, from x, to x")
]
PolicyWord = Annotated[
    Policy,
    *_parsed(
        words.policy,
        rf"^(newest|ask|highest|lowest|union|sum|prefer {_SYSTEM}(\s*>\s*{_SYSTEM})*|(owner by|function) {_SYSTEM})$",
        "how a conflict is settled: newest, prefer a > b, ask, highest, lowest, union, sum, owner by status, "
        "function name",
    ),
]


def _first_contact(shown: str) -> Policy | Literal["hold"]:
    return "hold" if shown == "hold" else words.policy(shown)


FirstContactWord = Annotated[
    Policy | Literal["hold"],
    *_parsed(_first_contact, f"^(hold|newest|prefer {_SYSTEM}.*)$", "hold, newest, or prefer a > b"),
]

Scalar = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
YesNo = Annotated[bool, WithJsonSchema({"enum": ["yes", "no", True, False]})]
BySystem = Scalar | dict[str, Scalar]
Natives = Scalar | Annotated[list[Scalar], Field(min_length=1)]
EmptyWord = Literal["erases", "keeps"]
WriteWord = Literal["always", "on create"]
MissingWord = Literal["wait", "leave"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SystemSection(_Section):
    """One system: which of its objects holds the entity."""

    object: str = Field(min_length=1, description="The native object, as Account or res.partner.")
    where: str | None = Field(None, description="Which records belong, as: Type = 'Customer' and ParentId is set")
    new: dict[str, str] = Field(default_factory=dict, description="What every record that bridge makes gets.")
    deletes: DeletesWord = Field(
        DeletesSection(),
        description="What becomes of a record here that was deleted elsewhere (unlink, archive, delete), and what a "
        "delete made here is worth (restore).",
    )
    country: str | None = Field(None, description="ISO code of the country of phone numbers written without one.")


class MatchSection(_Section):
    """One rule by which records of different systems are recognised as the same."""

    same: list[str] | None = Field(None, min_length=1, description="Fields that are equal.")
    similar: list[str] | None = Field(None, min_length=1, description="Fields that are alike.")
    above: Decimal | None = Field(None, gt=0, le=1, description="Least likeness, between 0 and 1.")
    then: Literal["link", "review"] | None = Field(None, description="Link the records, or ask a person.")


class IdentitySection(_Section):
    """How records are recognised across systems."""

    key: dict[str, str] = Field(description="For each system, the native field that stores bridge's id.")
    match: list[MatchSection] = Field(default_factory=list)
    first_contact: FirstContactWord = Field("hold", alias="first contact")


class DefaultsSection(_Section):
    """What holds for every line that does not say otherwise."""

    direction: DirectionWord = words.Direction()
    conflict: PolicyWord = Policy("newest")
    empty: EmptyWord = "erases"


class _Unit(_Section):
    model_config = ConfigDict(frozen=True, extra="allow")

    direction: DirectionWord | None = None
    conflict: PolicyWord | None = None
    empty: EmptyWord | None = None
    required: YesNo = False
    write: WriteWord | dict[str, WriteWord] = Field("always", description="always, or only on create")


class _Columns(_Section):
    """What a field and a member of a group have in common; every other key is a system, with its native field."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str | None = Field(None, description="Only to be read: the type that the field has.")
    ref: BySystem | None = Field(None, description="country.iso2, user.email, ..., or record and an entity")
    values: dict[str, Natives | dict[str, Natives]] | None = Field(
        None, description="Canonical value -> system -> native value, or several: all are read, the first is written."
    )
    unknown: Literal["stop field"] = Field("stop field", description="A native value that `values` does not name.")
    transform: BySystem | None = Field(None, description="A named pair of functions, as join_lines or scale(2)")


class FieldLine(_Unit, _Columns):
    """One field. Every key that is not an option is a system, and its value the native field there."""

    __pydantic_extra__: dict[str, str] = Field(init=False)

    default: BySystem | None = Field(None, description="What a create sends where the field is empty.")
    missing: MissingWord | None = Field(None, description="If the record referred to is not in the system yet.")
    moves: dict[str, Natives] | None = Field(
        None, description="For a status: value -> the values that can follow it. Any other move is held for a person."
    )
    owner: dict[str, Scalar] | None = Field(
        None, description="For a status: value -> the system, or a > b, whose word counts for `owner by` this field."
    )
    control: YesNo = Field(False, description="A sum that every system works out by itself: compared, never written.")

    @property
    def columns(self) -> dict[str, str]:
        return self.__pydantic_extra__


class MemberLine(_Columns):
    """One member of a group."""

    __pydantic_extra__: dict[str, str] = Field(init=False)

    @property
    def columns(self) -> dict[str, str]:
        return self.__pydantic_extra__


class WholeLine(_Section):
    """A group that a system keeps in one native field, by a transform that splits it."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, str] = Field(init=False)

    transform: str

    @property
    def columns(self) -> dict[str, str]:
        return self.__pydantic_extra__


class GroupSection(_Unit):
    """Fields that are decided as one. Every key that is not an option is a member."""

    __pydantic_extra__: dict[str, MemberLine] = Field(init=False)

    whole: WholeLine | None = Field(None, description="Systems that keep the whole group in one field.")

    @property
    def members(self) -> dict[str, MemberLine]:
        return self.__pydantic_extra__


class RowsSection(_Unit):
    """Rows of a record, such as the lines of an order, merged by their keys and field by field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: dict[str, str] = Field(description="For each system, the native table of the rows.")
    key: dict[str, str] = Field(description="For each system, the native field of a row that stores bridge's row key.")
    fields: dict[str, FieldLine] = Field(min_length=1)


class MappingFile(_Section):
    """One mapping file: one entity, any number of systems."""

    version: Annotated[Literal["1"], WithJsonSchema({"enum": ["1", 1]})]
    entity: str
    systems: dict[str, SystemSection] = Field(min_length=1)
    identity: IdentitySection
    defaults: DefaultsSection = DefaultsSection()
    fields: dict[str, FieldLine] = Field(default_factory=dict)
    groups: dict[str, GroupSection] = Field(default_factory=dict)
    rows: dict[str, RowsSection] = Field(default_factory=dict)


FIELD_OPTIONS = tuple(FieldLine.model_fields)
MEMBER_OPTIONS = tuple(MemberLine.model_fields)
GROUP_OPTIONS = tuple(GroupSection.model_fields)
