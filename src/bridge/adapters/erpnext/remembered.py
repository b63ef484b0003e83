"""What was delivered within the overlap, so that the next poll does not deliver it again."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

_CARRIED = 10_000
"""Rows that a position may carry, some 20 characters each."""

Delivered = Mapping[str, str]
"""Name -> stamp of rows that the engine has had."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Rows within the overlap that were delivered up to a position, so that they are not delivered on every poll.

    Kept in memory under the position's token, and packed into the position for the next process as far as it is little:
    beyond that the overlap is delivered once more, which costs calls and harms nothing. An older position replayed has
    what was delivered before it, and no more.

    owned: an address within one owner's record, by `pair`: an address may belong to several.
    """

    rows: Delivered = field(default_factory=dict, repr=False)
    addresses: Delivered = field(default_factory=dict, repr=False)
    owned: Delivered = field(default_factory=dict, repr=False)
    deletes: Delivered = field(default_factory=dict, repr=False)

    def pack(self) -> str:
        """As text; empty if there is nothing, or more than a position should carry."""
        parts = (self.rows, self.addresses, self.owned, self.deletes)
        if not 0 < sum(len(part) for part in parts) <= _CARRIED:
            return ""
        return base64.b85encode(zlib.compress(json.dumps(parts, separators=(",", ":")).encode())).decode()

    @classmethod
    def unpack(cls, text: str) -> Remembered:
        """What `pack` gave; nothing for anything else, which is always safe."""
        try:
            rows, addresses, owned, deletes = json.loads(zlib.decompress(base64.b85decode(text)))
            return cls(dict(rows), dict(addresses), dict(owned), dict(deletes))
        except (ValueError, TypeError, zlib.error):
            return cls()


def pair(address: str, owner: str) -> str:
    """The name under which an address within one owner's record is remembered."""
    return f"{address}\n{owner}"
