"""What a record says, stamped by our clock, and the fingerprint that tells whether it was heard before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import Final

import orjson

from bridge.ports.records import NativeRecord

NOTICEABLE: Final = 2.0
"""Seconds. Clocks that differ by less are taken for the same."""


def fingerprint(record: NativeRecord, digest: str) -> str:
    """Equal fingerprints: the record says nothing that was not heard before, under the same mapping.

    Of what the system said, where that is known: a page that is replayed need not be brought into native form then.
    """
    if record.said:
        return blake2b(digest.encode() + record.said, digest_size=12).hexdigest()
    said = [digest, record.version, record.key, record.archived, dict(record.values)]
    return blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def by_our_clock(records: Sequence[NativeRecord], skew: float | None) -> Sequence[NativeRecord]:
    """The records with their stamps by our clock: by its own, a system that is ten minutes ahead would always win.

    A second or two is what a Date header leaves open (whole seconds, and the answer's way): that is not corrected.
    """
    if skew is None or abs(skew) < NOTICEABLE:
        return records
    wrong = timedelta(seconds=round(skew))
    return [replace(r, modified=r.modified - wrong) if r.modified else r for r in records]
