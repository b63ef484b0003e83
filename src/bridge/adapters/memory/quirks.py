"""What real systems do to data and clocks, each to be switched on; the adapter keeps its promises with all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bridge.ports.adapter import Support


@dataclass(frozen=True, slots=True)
class Quirks:
    """The manners of one simulated system.

    stamps: the resolution of "last changed" in microseconds (1_000_000: whole seconds, as Salesforce and Odoo 12).
    late_commit: seconds between the stamp of a user's write and the moment from which it can be read.
    versions: what a version token is made of: a number that moves with every write, or the stamp (coarse).
    trims: leading and trailing spaces of texts are dropped.
    folds_emails: fields of the type email are put in small letters.
    cuts: field -> characters after which a text is cut, without a word and without the schema saying so.
    silent_lengths: a text over the length that the schema gives is cut without a word; else it is refused.
    empty_text: an empty field is "" and not null.
    unique_keys: the system itself refuses a second record with the same key.
    batch_rollback: one bad record undoes the whole batch.
    deletes_feed: whether it tells what was deleted.
    conditional_update: whether it compares versions by itself, or the adapter does, or nobody.
    page: most records in one answer.
    batch: most records in one write.
    """

    stamps: int = 1
    late_commit: float = 0.0
    versions: Literal["number", "stamp"] = "number"
    trims: bool = False
    folds_emails: bool = False
    cuts: dict[str, int] = field(default_factory=dict)
    silent_lengths: bool = False
    empty_text: bool = False
    unique_keys: bool = True
    batch_rollback: bool = False
    deletes_feed: bool = True
    conditional_update: Support = "native"
    page: int = 2000
    batch: int = 200
