"""What a write did: the base from which an observation is compared, after an answered, lost or absent write.

The shadow is set from what the system says it holds, never from what was sent: a stale or hopeful shadow is a lost
update later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from bridge.ports.records import NativeRecord, NativeValue, split_row_path
from bridge.ports.values import value
from bridge.ports.work import Intent, Shadow

_ABSENT = object()
_NOTHING: Mapping[str, tuple[str, ...]] = {}


@value(frozen=True, slots=True)
class Base:
    """What the system was last known to hold, once the write is settled.

    settled: None where there was no write; else whether it took effect.
    ambiguous: paths of which nobody can say whether a user or the system put there what they show.
    """

    values: dict[str, NativeValue]
    echo: dict[str, NativeValue]
    settled: Literal["applied", "not applied"] | None = None
    ambiguous: frozenset[str] = frozenset()


def base_of(shadow: Shadow | None) -> Base:
    """The base where no write is under way."""
    if shadow is None:
        return Base({}, {})
    return Base(dict(shadow.values), dict(shadow.echo))


def settle_answered(
    shadow: Shadow | None, record: NativeRecord, intent: Intent, edited: frozenset[str] = frozenset()
) -> Base:
    """The base after a write that the system acknowledged, with `record` as read back.

    Where it stored something else than was sent, it normalises: what it holds becomes the base, and what was sent is
    remembered as the echo, so that the same is not sent again for ever. After a create, the values the system chose by
    itself (defaults) are its own: they become the base and are not proposed to anybody.

    Not so where somebody else has written since (`edited`): a value that cannot be the system's form of what was sent
    is that person's word, on top of what was sent. One that may be either is taken for the system's, and journalled.
    """
    base = base_of(shadow)
    unclear: set[str] = set()
    for path, sent in intent.after.items():
        if path not in record.values:
            continue
        stored = record.values[path]
        theirs = path in edited and not _alike(stored, sent)
        if theirs and not _stored_form(sent, stored, intent, path):
            _hold(base, path, sent, sent)
        else:
            _hold(base, path, sent, stored)
            unclear |= {path} if theirs else set()
    book(base, intent)
    for path, stored in record.values.items():
        if path not in intent.after and made_by(intent, path):
            base.values[path] = None if path in edited else stored
    return Base(base.values, base.echo, "applied", frozenset(unclear))


def made_by(intent: Intent, path: str) -> bool:
    """Whether what stands at this path came into being with this write: a new record, or a new row of one."""
    if intent.op == "create":
        return True
    cell = split_row_path(path)
    if cell is None:
        return False
    after, before = intent.after.get(cell[0]), intent.before.get(cell[0])
    return isinstance(after, list) and cell[1] in after and not (isinstance(before, list) and cell[1] in before)


def _shown(record: NativeRecord, path: str) -> NativeValue | object:
    """What the record shows at a path; a cell of a row that it does not have is empty."""
    absent = None if split_row_path(path) else _ABSENT
    return record.values.get(path, absent)


def book(base: Base, intent: Intent) -> None:
    """A movement was booked: the system holds what it held, and what was added. All else is somebody's movement."""
    for path in intent.deltas:
        base.values[path] = intent.after[path]
        base.echo.pop(path, None)


def settle_booked(shadow: Shadow | None, intent: Intent, *, booked: bool) -> Base:
    """The base after a write of movements whose answer was lost: the system was asked for the movement itself."""
    base = base_of(shadow)
    if booked:
        book(base, intent)
    return Base(base.values, base.echo, "applied" if booked else "not applied")


def settle_unanswered(
    shadow: Shadow | None,
    record: NativeRecord,
    intent: Intent,
    apart: tuple[str, ...] = (),
    along: Mapping[str, tuple[str, ...]] = _NOTHING,
    tolerance: timedelta | None = None,
) -> Base:
    """The base after a write whose answer was lost, judged by value and version.

    A system writes one record atomically, except for the paths under the prefixes `apart` (the addresses of a customer,
    its tags): each of these parts is a transaction of its own and is judged by itself, since the connection, or bridge,
    may have died between two of them.

    - One path of a part shows the new value (or what a system makes of it): the part was written as a whole, so
      everything in it that differs is a user's edit on top of it.
    - All show the old value and the version did not move: it did not happen.
    - None shows the new value, the version moved, and the record was last changed before the write was made, by more
      than the `tolerance` of the clocks: it cannot have been put back. It did not happen.
    - None shows the new value, one shows the old, and something else in the part was changed: that is what moved the
      version, and the write did not happen (bridge was killed in the middle of a batch, before it came to this record).
      As a user may have changed the one and put the other back, it is journalled.
    - All show the old value and the version moved, and nothing else did, in the record itself: a user put it back, or
      it never happened and the user changed what bridge does not see (the ABA case). Treated as the user's word; what
      it displaces is journalled.
    - The same in a part written apart, or while another part did arrive: the write got that far and no further. The
      base stays, so the part is still due; as a user may have put it back, it is journalled.
    - A create that is found was made: what differs from what was sent is the system's way of storing it where that is
      plausible, else a user's edit. What was not sent may be a default or an edit and counts as the system's word. A
      part written apart that is still empty did not come about.
    - What the system sets by itself together with a path that arrived (`along`) is the system's own: it becomes the
      base, is proposed to nobody, and what is agreed is due again. As a user may have set it, it is journalled.
    """
    base = base_of(shadow)
    moved = record.version != intent.version_before
    parts = _parts(intent, apart)
    arrived = {part for part, paths in parts.items() if _arrived(part, paths, record, intent)}
    early = not arrived and _last_changed_before(record, intent, tolerance)
    unclear: set[str] = set()
    applied = False
    for part, paths in parts.items():
        if part not in arrived:
            kept = [_alike(_shown(record, path), intent.before.get(path)) for path in paths]
            if all(kept) and not moved:
                continue
            no_further = all(kept) and (part or arrived)
            elsewhere = any(kept) and _otherwise_changed(part, base, record, intent, apart)
            if no_further or elsewhere or (early and not part):
                unclear.update(paths)
                continue
        applied = True
        unclear |= _written(base, paths, record, intent)
    unclear |= _set_along(base, record, intent, along)
    settled = applied or intent.op == "create"
    return Base(base.values, base.echo, "applied" if settled else "not applied", frozenset(unclear))


def _set_along(base: Base, record: NativeRecord, intent: Intent, along: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Take what the system set by itself into the base. Returns the paths that show something else than before."""
    arrived = [
        path for path, sent in intent.after.items() if record.values.get(path) == sent != intent.before.get(path)
    ]
    changed = {
        path
        for cause in arrived
        for path in along.get(cause, ())
        if path in record.values and path not in intent.after and base.values.get(path) != record.values[path]
    }
    base.values.update({path: record.values[path] for path in changed})
    return changed


def _last_changed_before(record: NativeRecord, intent: Intent, tolerance: timedelta | None) -> bool:
    """Whether nobody, bridge included, has changed an existing record since a write to it was made."""
    if intent.op != "update" or intent.at is None or tolerance is None or record.modified is None:
        return False
    return record.modified < intent.at - tolerance


def _otherwise_changed(part: str, base: Base, record: NativeRecord, intent: Intent, apart: tuple[str, ...]) -> bool:
    """Whether a part of the record shows something that was there neither before the write nor is what was written.

    Not asked where quantities are moved: a movement that is repeated by mistake would be counted twice.
    """
    if intent.op != "update" or intent.deltas:
        return False
    return any(
        not _alike(now, intent.before.get(path) if path in intent.after else base.values[path])
        for path, now in record.values.items()
        if (path in intent.after or path in base.values) and _part_of(path, apart) == part
    )


def _parts(intent: Intent, apart: tuple[str, ...]) -> dict[str, list[str]]:
    """The paths of a write by the transaction that they are written in; "" is the record itself."""
    parts: dict[str, list[str]] = {}
    for path in intent.after:
        parts.setdefault(_part_of(path, apart), []).append(path)
    return parts


def _part_of(path: str, apart: tuple[str, ...]) -> str:
    """The transaction that a path is written in: of the record itself (""), of a place below it, or of its own."""
    if path in apart:
        return path
    below = any(path.startswith(one) for one in apart if one.endswith((".", "[")))
    return path.rpartition(".")[0] if below else ""


def _arrived(part: str, paths: list[str], record: NativeRecord, intent: Intent) -> bool:
    if intent.op == "create":
        return not part or any(record.values.get(path) is not None for path in paths)
    shown = {path: record.values[path] for path in paths if path in record.values}
    return any(
        (_alike(value, intent.after[path]) and not _alike(value, intent.before.get(path)))
        or _stored_form(intent.after[path], value, intent, path)
        for path, value in shown.items()
    )


def _written(base: Base, paths: list[str], record: NativeRecord, intent: Intent) -> set[str]:
    """Put what was sent into the base. Returns the paths that show something else."""
    unclear: set[str] = set()
    for path in paths:
        sent = intent.after[path]
        stored = record.values.get(path, sent)
        if stored != sent and _stored_form(sent, stored, intent, path):
            base.values[path], base.echo[path] = stored, sent
            unclear.add(path)
            continue
        base.values[path] = sent
        base.echo.pop(path, None)
        if stored != sent:
            unclear.add(path)
    return unclear


def _stored_form(sent: NativeValue, stored: NativeValue, intent: Intent, path: str) -> bool:
    """Whether `stored` may well be what the system made of `sent`: cut off, respelled, or rounded.

    Without an answer nobody can tell this from a user's edit. The likelier is taken, and both are journalled.
    """
    if stored == sent or (intent.op == "update" and stored == intent.before.get(path)):
        return False
    if not isinstance(sent, str) or not isinstance(stored, str) or not stored:
        return False
    bare_sent, bare_stored = (_bare(text) for text in (sent, stored))
    return (bool(bare_stored) and bare_sent.startswith(bare_stored)) or _rounded(sent, stored)


def _alike(value: object, other: object) -> bool:
    """Equal; of lists, in any order."""
    if isinstance(value, list) and isinstance(other, list):
        return sorted(value) == sorted(other)
    return value == other


def _bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _rounded(sent: str, stored: str) -> bool:
    try:
        exact, kept = Decimal(sent), Decimal(stored)
    except InvalidOperation:
        return False
    exponent = kept.as_tuple().exponent
    return isinstance(exponent, int) and abs(exact - kept) < Decimal(1).scaleb(exponent)


def _hold(base: Base, path: str, sent: NativeValue, stored: NativeValue) -> None:
    base.values[path] = stored
    if stored == sent:
        base.echo.pop(path, None)
    else:
        base.echo[path] = sent


def differs(paths: tuple[str, ...], base: Mapping[str, NativeValue], now: Mapping[str, NativeValue]) -> bool:
    """Whether a unit's paths hold something else than the base, or were never held."""
    return any(path not in base or base[path] != now[path] for path in paths)
