"""Text in its one normal form: NFC, outer blanks trimmed, line ends "\\n", never empty."""

from __future__ import annotations

import re
from unicodedata import is_normalized, normalize

from bridge.canonical.values import InvalidValue, Plain

_NOT_IN_TAX_ID = re.compile(r"[\s./\-\u2010-\u2015]+")


def clean(value: str) -> str | None:
    """Trim and normalise; None for what is empty then. Refuses what no database can store (NUL, lone surrogates)."""
    text = value.strip()
    if not text:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        raise InvalidValue("text", "the text holds a NUL character")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValue("text", "the text holds half a character (a lone surrogate)") from None
    return text if is_normalized("NFC", text) else normalize("NFC", text)


def as_text(value: Plain) -> str | None:
    """Any single native value as clean text. Numbers are taken as written; a list or a boolean is not a text."""
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return None
    if isinstance(value, bool):
        raise InvalidValue("text", "a yes/no value where text is expected")
    if isinstance(value, int):
        return str(value)
    raise InvalidValue("text", "a list where one text is expected")


def text(value: Plain) -> str | None:
    """A text of one or more lines."""
    return clean(value) if isinstance(value, str) else as_text(value)


def tax_id(value: Plain) -> str | None:
    """A tax number without blanks, dots, dashes and slashes, in capitals: "DE 123.456-789" is "DE123456789".

    People and systems punctuate the same number differently; what is compared and matched is the number.
    """
    plain = as_text(value)
    return None if plain is None else _NOT_IN_TAX_ID.sub("", plain).upper() or None


def texts(value: Plain) -> list[str] | None:
    """A set of texts (tags): sorted, without repeats; None if there is none. One text is a set of one."""
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    found = {item for item in map(as_text, items) if item is not None}
    return sorted(found) or None
