"""What a configuration may say about a system in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bridge.adapters.memory.quirks import Quirks
from bridge.adapters.memory.rows import Shape
from bridge.ports.adapter import NativeField
from bridge.ports.errors import ConfigError
from bridge.transport.settings import SystemSettings, checked

FieldType = Literal[
    "text", "longtext", "email", "phone", "url", "integer", "decimal", "boolean", "date", "datetime", "choice",
    "multichoice", "reference", "html", "other",
]  # fmt: skip


class FieldSettings(BaseModel):
    """One field of an object; see `NativeField`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: FieldType = "text"
    label: str = ""
    length: int | None = Field(default=None, ge=1)
    required: bool = False
    updateable: bool = True
    choices: tuple[str, ...] | None = None
    target: str | None = None

    def native(self, path: str) -> NativeField:
        """The field as the schema shows it."""
        return NativeField(
            path,
            self.type,
            label=self.label,
            length=self.length,
            required=self.required,
            updateable=self.updateable,
            choices=self.choices,
            choices_closed=self.choices is not None,
            target=self.target,
        )


class ObjectSettings(BaseModel):
    """One object. Without fields it takes every field; key_field: whether bridge's key field is there already."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: dict[str, FieldSettings] | None = None
    key_field: bool = True

    def shape(self) -> Shape:
        """The object as the world keeps it."""
        named = None if self.fields is None else {path: given.native(path) for path, given in self.fields.items()}
        return Shape(named, self.key_field)


class Settings(SystemSettings):
    """The settings of one system in memory.

    world: adapters that name the same world share its records; by default the name of the system.
    objects: its objects; without any, every object is there and takes every field.
    quirks: its manners, by the names in `Quirks`.
    password: what it asks for and is given.
    file: where its records are kept between runs (JSON); without it they are gone with the process.
    """

    world: str | None = None
    objects: dict[str, ObjectSettings] = Field(default_factory=dict)
    quirks: Quirks = Field(default_factory=Quirks)
    password: SecretStr | None = None
    file: Path | None = None


def load(system: str, settings: Mapping[str, object]) -> Settings:
    """Validate settings; raises ConfigError with one sentence per problem and no value in it."""
    unknown = _unknown_quirks(system, settings.get("quirks"))
    if unknown:
        raise ConfigError(unknown)
    return checked(Settings, system, settings)


def _unknown_quirks(system: str, given: object) -> list[str]:
    """A dataclass takes no notice of names it does not have; a person who mistyped one must be told."""
    known = {field.name for field in dataclass_fields(Quirks)}
    names = sorted(set(given) - known) if isinstance(given, Mapping) else []
    return [f"systems.{system}.quirks.{name}: is not a quirk (there are {', '.join(sorted(known))})." for name in names]
