"""Named transforms: pairs of functions between native values and the form in which a field's type reads them.

A transform stands between a native path (or several, joined by +) and the field type. Each is an inverse pair, or says
of itself that it is lossy: then what is written may read back as less, and bridge compares in the system's own form.
A transform without `write` serves reading only.

A site adds its own as Python functions, handed to `load_mappings`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.canonical.numbers import plain_decimal, to_decimal
from bridge.canonical.text import as_text, clean
from bridge.canonical.times import calendar_date, instant
from bridge.canonical.values import InvalidValue, Normal, Plain
from bridge.mapping.markup import html_to_text, text_to_html

SEPARATOR: Final = " | "
"""Between lines that have to share the last field, where there are more lines than fields."""

_CALL: Final = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)\s*(\((?P<arguments>[^()]*)\))?")


@dataclass(frozen=True, slots=True)
class Transform:
    """What a transform does, bound to its arguments and the number of native paths.

    read: native values in the order of the paths -> one plain value, which the field type then parses.
    write: the plain value that the field type wrote -> native values, one for each path; None if there is no way back.
    types: the field types it makes sense for; empty for any.
    whole: it reads and writes a dict of a group's members instead of one value.
    silent: of several paths all but the first are only read.
    joined: the plain value is made of a word from each path, with `STAGE` between them.
    """

    read: Callable[..., Plain | dict[str, Normal]]
    write: Callable[[Plain | Mapping[str, Normal]], Sequence[Plain]] | None
    lossy: bool = False
    types: frozenset[str] = frozenset()
    whole: bool = False
    silent: bool = False
    joined: bool = False


Maker = Callable[[int, Sequence[str]], Transform]
"""Makes a transform for a number of native paths and its arguments; raises ValueError with a sentence if it cannot."""

_TEXTS: Final = frozenset({"text", "longtext", "tax id", "email", "phone", "url", "reference"})
_NUMBERS: Final = frozenset({"decimal", "money"})


def parse_call(shown: str) -> tuple[str, tuple[str, ...]]:
    """'scale(2)' -> ('scale', ('2',)). Raises ValueError."""
    parts = _CALL.fullmatch(shown.strip())
    if parts is None:
        raise ValueError(f"'{shown}' is no transform; write a name, or a name with arguments, as scale(2)")
    arguments = parts["arguments"]
    return parts["name"], tuple(word.strip() for word in arguments.split(",")) if arguments else ()


def _one_path(paths: int, arguments: Sequence[str], takes: int = 0) -> None:
    if paths != 1:
        raise ValueError("takes one native field, not several joined by +")
    if len(arguments) != takes:
        raise ValueError(f"takes {takes or 'no'} argument{'' if takes == 1 else 's'}, not {len(arguments)}")


def _one(value: object) -> Plain:
    """The plain value of a field (a group has `whole` transforms only)."""
    return value if isinstance(value, (bool, int, str, list)) else None


def trim(paths: int, arguments: Sequence[str]) -> Transform:
    """Blanks inside a text shrink to one. (Outer blanks go everywhere, without any transform.)"""
    _one_path(paths, arguments)

    def squeeze(value: Plain) -> Plain:
        return " ".join(value.split()) if isinstance(value, str) else value

    return Transform(squeeze, lambda value: (squeeze(_one(value)),), lossy=True, types=_TEXTS)


def upper(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds capitals only."""
    _one_path(paths, arguments)
    return Transform(_upper, lambda value: (_upper(_one(value)),), lossy=True, types=_TEXTS)


def _upper(value: Plain) -> Plain:
    return value.upper() if isinstance(value, str) else value


def lower(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds small letters only."""
    _one_path(paths, arguments)
    return Transform(_lower, lambda value: (_lower(_one(value)),), lossy=True, types=_TEXTS)


def _lower(value: Plain) -> Plain:
    return value.lower() if isinstance(value, str) else value


def scale(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds this many digits after the point; halves are rounded away from zero."""
    _one_path(paths, arguments, takes=1)
    if not arguments[0].isdigit():
        raise ValueError("takes the number of digits after the point, as scale(2)")
    step = Decimal(1).scaleb(-int(arguments[0]))

    def write(value: object) -> Sequence[Plain]:
        number = to_decimal(_one(value))
        return (None if number is None else plain_decimal(number.quantize(step, ROUND_HALF_UP)),)

    return Transform(lambda value: value, write, lossy=True, types=_NUMBERS)


def cents(paths: int, arguments: Sequence[str]) -> Transform:
    """The system counts hundredths: 1250 there is 12.5 here. A part of a cent cannot be written."""
    _one_path(paths, arguments)

    def read(value: Plain) -> Plain:
        number = to_decimal(value)
        return None if number is None else plain_decimal(number.scaleb(-2))

    def write(value: object) -> Sequence[Plain]:
        number = to_decimal(_one(value))
        if number is None:
            return (None,)
        whole = number.scaleb(2)
        if whole != whole.to_integral_value():
            raise InvalidValue("transform", "a part of a cent, which the system cannot hold")
        return (int(whole),)

    return Transform(read, write, types=_NUMBERS)


def bool_text(paths: int, arguments: Sequence[str]) -> Transform:
    """The system writes yes and no in words of its own: bool_text(Ja, Nein)."""
    _one_path(paths, arguments, takes=2)
    yes, no = arguments
    if not yes or not no or yes.casefold() == no.casefold():
        raise ValueError("takes two different words, the one for yes first")
    words: dict[str, Plain] = {yes.casefold(): True, no.casefold(): False}

    def read(value: Plain) -> Plain:
        shown = as_text(value)
        if shown is not None and shown.casefold() not in words:
            raise InvalidValue("unknown value", "neither of the two words for yes and no")
        return None if shown is None else words[shown.casefold()]

    def write(value: object) -> Sequence[Plain]:
        return (None if value is None else yes if value else no,)

    return Transform(read, write, types=frozenset({"boolean"}))


def html_text(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds HTML: read as plain text, written as paragraphs. Formatting is lost when bridge writes."""
    _one_path(paths, arguments)

    def read(value: Plain) -> Plain:
        shown = as_text(value)
        return None if shown is None else html_to_text(shown)

    def write(value: object) -> Sequence[Plain]:
        return (text_to_html(value) if isinstance(value, str) else None,)

    return Transform(read, write, lossy=True, types=frozenset({"text", "longtext"}))


def join_lines(paths: int, arguments: Sequence[str]) -> Transform:
    """One line per native field, top to bottom; where there are more lines, the last field takes the rest.

    The rest is joined with " | " and taken apart again when read, so that no line is lost. A line that holds the
    separator itself cannot be told apart, and is reported instead of written.
    """
    if arguments:
        raise ValueError("takes no arguments")

    def read(*values: Plain) -> Plain:
        lines: list[str | None] = []
        for value in values:
            shown = as_text(value)
            if shown is not None:
                pieces = shown.split(SEPARATOR) if paths > 1 else [shown]
                lines.extend(clean(line) for piece in pieces for line in piece.split("\n"))
        return "\n".join(line for line in lines if line) or None

    def write(value: object) -> Sequence[Plain]:
        lines = [line for line in map(clean, value.split("\n")) if line] if isinstance(value, str) else []
        if paths == 1:
            return ("\n".join(lines) or None,)
        if any(_confusing(line) for line in lines):
            raise InvalidValue("transform", f"a line holds '{SEPARATOR.strip()}', which separates lines in this system")
        head, rest = lines[: paths - 1], lines[paths - 1 :]
        return (*head, *[None] * (paths - 1 - len(head)), SEPARATOR.join(rest) or None)

    return Transform(read, write, types=frozenset({"text", "longtext"}))


def _confusing(line: str) -> bool:
    """Whether a line would be taken apart when read back, alone or next to another one."""
    bar = SEPARATOR.strip()
    return SEPARATOR in line or line.startswith(f"{bar} ") or line.endswith(f" {bar}") or line == bar


def split_name(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds a person's name in one field: the last word is the family name.

    Lossy: "Ludwig van Beethoven" reads back with the family name "Beethoven". Bridge compares in the system's own form,
    so the better split of another system stays as long as the whole name is the same.
    """
    _one_path(paths, arguments)

    def read(value: Plain) -> dict[str, Normal]:
        *given, family = (as_text(value) or "").split() or [""]
        return {"given_name": " ".join(given) or None, "family_name": family or None}

    def write(value: object) -> Sequence[Plain]:
        members = value if isinstance(value, Mapping) else {}
        parts = [members.get("given_name"), members.get("family_name")]
        return (" ".join(str(part) for part in parts if part is not None) or None,)

    return Transform(read, write, lossy=True, whole=True)


STAGE: Final = " + "
"""Between the words of `stages`, as between the native fields that they come from."""


def stages(paths: int, arguments: Sequence[str]) -> Transform:
    """A status that the system keeps in several fields: `state+delivery_status` reads as "sale + full".

    The arguments are words that say nothing and are left out: with stages(pending), "sale" and "pending" read as
    "sale". Only the first field is ever written, with the first word: what is shipped is said by the system itself.
    """
    if paths == 1:
        raise ValueError("takes several native fields joined by +, the one that is written first")
    quiet = {word.casefold() for word in arguments}

    def read(*values: Plain) -> Plain:
        first, *others = [as_text(value) for value in values]
        said = [word for word in others if word is not None and word.casefold() not in quiet]
        return None if first is None else STAGE.join([first, *said])

    def write(value: object) -> Sequence[Plain]:
        first = value.split(STAGE)[0] if isinstance(value, str) else None
        return (first, *[None] * (paths - 1))

    return Transform(read, write, lossy=True, types=frozenset({"choice", "text"}), silent=True, joined=True)


def together(paths: int, arguments: Sequence[str]) -> Transform:
    """One meaning that the system keeps in several fields, all of which are written: `type+is_storable` reads as
    "consu + true", and `values` says what that means."""
    if paths == 1:
        raise ValueError("takes several native fields joined by +")
    if arguments:
        raise ValueError("takes no arguments")

    def read(*values: Plain) -> Plain:
        words = [_word(value) for value in values]
        return STAGE.join(words) if any(words) else None

    def write(value: object) -> Sequence[Plain]:
        words = value.split(STAGE) if isinstance(value, str) else [""] * paths
        if len(words) != paths:
            raise InvalidValue("transform", f"not made of {paths} words joined by '{STAGE.strip()}'")
        return tuple(_YES_NO.get(word, word or None) for word in words)

    return Transform(read, write, types=frozenset({"choice", "text", "boolean"}), joined=True)


_YES_NO: Final[Mapping[str, Plain]] = {"true": True, "false": False}


def _word(value: Plain) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_text(value) or ""


def day_in(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds an instant where a day is meant: day_in(Europe/Berlin) says whose day it is.

    Written as noon of that day there, so that users some hours to the east or west see the same date. Lossy, as the
    time of day is: an instant on the right day is left as it is.
    """
    _one_path(paths, arguments, takes=1)
    try:
        zone = ZoneInfo(arguments[0])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{arguments[0]}' is no time zone; write one such as Europe/Berlin") from None

    def read(value: Plain) -> Plain:
        shown = instant(value)
        if shown is None:
            return None
        return datetime.fromisoformat(shown).astimezone(zone).date().isoformat()

    def write(value: object) -> Sequence[Plain]:
        day = calendar_date(_one(value))
        if day is None:
            return (None,)
        return (instant(datetime.combine(date.fromisoformat(day), time(12), zone).isoformat()),)

    return Transform(read, write, lossy=True, types=frozenset({"date"}))


TRANSFORMS: Final[Mapping[str, Maker]] = {
    maker.__name__: maker
    for maker in (
        trim, upper, lower, scale, cents, bool_text, html_text, join_lines, split_name, stages, together, day_in,
    )
}  # fmt: skip
"""The transforms that come with bridge, by the name a mapping file uses."""
