"""What was delivered within the overlap, so that the next poll does not deliver it again."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

_CARRIED = 10_000
"""Rows that a position may carry, some 20 characters each; and of each kind those that are remembered at all."""

Delivered = Mapping[str, str]
"""Name -> stamp of rows that the engine has had."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Rows within the overlap that were delivered up to a position, so that they are not delivered on every poll.

    Kept in memory under the position's token, and packed into the position for the next process as far as it is little:
    beyond that the overlap is delivered once more, which costs calls and harms nothing. So it is after a migration: it
    writes more within an overlap than is worth remembering. An older position replayed has what was delivered before
    it, and no more.

    owned: an address within one owner's record, by `pair`: an address may belong to several.
    """

    rows: Delivered = field(default_factory=dict, repr=False)
    addresses: Delivered = field(default_factory=dict, repr=False)
    owned: Delivered = field(default_factory=dict, repr=False)
    deletes: Delivered = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """Rows that are remembered."""
        return sum(len(part) for part in (self.rows, self.addresses, self.owned, self.deletes))

    def latest(self) -> Remembered:
        """What is worth remembering of it: of each kind the rows that were delivered last."""
        return Remembered(_latest(self.rows), _latest(self.addresses), _latest(self.owned), _latest(self.deletes))

    def pack(self) -> str:
        """As text; empty if there is nothing, or more than a position should carry."""
        parts = (self.rows, self.addresses, self.owned, self.deletes)
        if not 0 < self.size <= _CARRIED:
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


def _latest(rows: Delivered) -> Delivered:
    surplus = len(rows) - _CARRIED
    return rows if surplus <= 0 else dict(islice(rows.items(), surplus, None))


def pair(address: str, owner: str) -> str:
    """The name under which an address within one owner's record is remembered."""
    return f"{address}\n{owner}"
