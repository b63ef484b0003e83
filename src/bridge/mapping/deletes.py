"""What deletes mean in one system: the word `deletes` of a mapping file, and what it comes to.

Two questions have an answer each: what a delete made *here* is worth, and what becomes of a record here that was
deleted *elsewhere*. One word answers the one that it belongs to and leaves the other as it usually is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from bridge.mapping.source import suggest
from bridge.ports.records import NativeValue

Here = Literal["count", "restore", "beat edits"]
Elsewhere = Literal["unlink", "archive", "delete"]

_WORDS: Final[Mapping[str, dict[str, str]]] = {
    **{word: {"elsewhere": word} for word in get_args(Elsewhere)},
    "restore": {"here": "restore"},
}
"""The words that stand alone -> what they are short for."""

_YES_NO: Final[Mapping[str, bool]] = {"1": True, "true": True, "0": False, "false": False}


def _one_of(known: tuple[str, ...]) -> BeforeValidator:
    def read(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError("expected one word or phrase here")
        if value not in known:
            guess = suggest(value, known) or f" (known: {', '.join(known)})"
            raise ValueError(f"unknown word '{value}'{guess}")
        return value

    return BeforeValidator(read)


class DeletesSection(BaseModel):
    """The long form: {here: restore, elsewhere: archive, archive: {Active__c: "false"}}."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    here: Annotated[Here, _one_of(get_args(Here))] = "count"
    elsewhere: Annotated[Elsewhere, _one_of(get_args(Elsewhere))] = "unlink"
    archive: dict[str, str] | None = Field(None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _archive_says_it(cls, said: Any) -> Any:
        """Who names the field of the archive need not say `elsewhere: archive` too."""
        if isinstance(said, dict) and "archive" in said:
            if said.get("elsewhere", "archive") != "archive":
                raise ValueError("'archive' names how a record is archived, but 'elsewhere' says something else")
            return {**said, "elsewhere": "archive"}
        return said

    def short(self) -> object:
        """As a file says it, in one word where one is enough: the digest of a mapping does not depend on the form."""
        full = self.model_dump(exclude_defaults=True) or {"elsewhere": "unlink"}
        return next((word for word, meaning in _WORDS.items() if meaning == full), full)


def _section(value: object) -> object:
    if isinstance(value, DeletesSection | dict):
        return value
    if not isinstance(value, str):
        raise ValueError("expected one word, or entries of the form name: value here")
    if value not in _WORDS:
        guess = suggest(value, _WORDS) or f" (known: {', '.join(_WORDS)}; or here, elsewhere and archive)"
        raise ValueError(f"unknown word '{value}'{guess}")
    return _WORDS[value]


_PLAIN: Final = {"type": ["string", "number", "boolean"]}
DeletesWord = Annotated[
    DeletesSection,
    BeforeValidator(_section),
    PlainSerializer(lambda section: section.short()),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(_WORDS)},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "here": {"enum": list(get_args(Here))},
                        "elsewhere": {"enum": list(get_args(Elsewhere))},
                        "archive": {"type": "object", "minProperties": 1, "additionalProperties": _PLAIN},
                    },
                },
            ]
        }
    ),
]


@dataclass(frozen=True, slots=True)
class Deletes:
    """What deletes mean in one system.

    here: a delete made here counts, is taken back, or counts even where the record was edited elsewhere.
    elsewhere: what becomes of the record here: it stays, is archived, or deleted.
    archive: native path -> value of a record that is archived; empty unless `elsewhere` is archive.
    """

    here: Here = "count"
    elsewhere: Elsewhere = "unlink"
    archive: Mapping[str, NativeValue] = field(default_factory=dict)

    @property
    def follows(self) -> bool:
        """Whether something happens to a record here because it was deleted elsewhere."""
        return self.elsewhere != "unlink"


def native_value(shown: str) -> NativeValue:
    """A value as a file writes it: yes and no are the same whether written 1 and 0, or true and false."""
    return _YES_NO.get(shown, shown)


def shows(held: Mapping[str, NativeValue], wanted: Mapping[str, NativeValue]) -> bool:
    """Whether a record holds these values; 1 and true are the same, as systems write them."""
    return all(path in held and plain(held[path]) == plain(value) for path, value in wanted.items())


def plain(value: NativeValue) -> NativeValue:
    """A value for comparing: the spellings of yes and no are one."""
    return _YES_NO.get(str(value).lower(), value) if isinstance(value, bool | int | str) else value
