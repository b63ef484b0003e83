"""How MariaDB compares text: utf8mb4_unicode_ci does not look at case, accents, or blanks at the end."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_ORDER = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
"""ASCII that is neither letter nor digit, in its order; all of it stands before digits, digits before letters."""
_PLACES = {char: chr(1 + place) for place, char in enumerate(_ORDER)}
_LETTERS = 0x2000
_BEYOND = "\ufffd"


@lru_cache(maxsize=200_000)
def collate(text: str) -> str:
    """A key that is equal for texts that the database takes for equal, and sorts as the database sorts."""
    plain = unicodedata.normalize("NFKD", text.rstrip(" ")).casefold()
    return "".join(_weight(char) for char in plain if not unicodedata.combining(char))


def _weight(char: str) -> str:
    code = ord(char)
    if code > 0xFFFF:
        return _BEYOND  # characters beyond the first plane all weigh the same
    if char.isalnum():
        return chr(_LETTERS + code) if code < 0xB000 else char
    return _PLACES.get(char) or chr(0x40 + min(code, _LETTERS - 0x41))
