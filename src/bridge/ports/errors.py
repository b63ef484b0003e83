"""Every error that may leave an adapter, sorted by what the engine does next.

Each class says what happened, what was not done and what to do; the engine decides on the class alone and never on a
vendor's text. Nothing here holds a payload: an error may be printed, logged and stored, so a message never carries
field values, credentials or whole addresses (guarantee G10).
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

_CODE: Final = re.compile(r"(?:HTTP )?\d{3}|(?=.{1,80}\Z)[A-Za-z_][A-Za-z_.]*\d{0,3}[A-Za-z_.]*")
"""How the name or number of an error looks. A server may put anything in its place: a token has more digits, a value
blanks or other signs."""


class BridgeError(Exception):
    """The root of all errors that bridge raises on purpose."""

    code: ClassVar[str] = "BR-ERROR"
    not_done: ClassVar[str] = "The operation was not carried out."
    to_do: ClassVar[str] = "Read the message; `bridge status` shows what is waiting."

    def __init__(self, message: str, *, system: str | None = None, vendor_code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.system = system
        self.vendor_code = vendor_code if vendor_code and _CODE.fullmatch(vendor_code) else None

    def __str__(self) -> str:
        where = f"{self.system}: " if self.system else ""
        vendor = f" [{self.vendor_code}]" if self.vendor_code else ""
        return f"{where}{self.message}{vendor}"


class ConfigError(BridgeError):
    """The configuration or a mapping cannot be used; carries every problem found, not only the first."""

    code = "BR-CONFIG"
    not_done = "Nothing was read or written."
    to_do = "Mend the lines named and run the command again."

    def __init__(self, problems: list[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class Transient(BridgeError):
    """The system could not answer and *nothing was written*: the same call may be sent again later."""

    code = "BR-TRANSIENT"
    not_done = "Nothing was changed in this system; the work stays in the outbox."
    to_do = "You need not do anything: it is tried again by itself. If it lasts, see whether the system is up."


class RateLimited(Transient):
    """The system asks for fewer calls. Not counted as an attempt.

    `after` is the wait in seconds the system asked for, or None where it named none.
    `quota` is true where a daily allowance is gone rather than a short burst.
    """

    code = "BR-RATE-LIMITED"
    to_do = (
        "You need not do anything: bridge waits. If it happens daily, raise the allowance or have it run less often."
    )

    def __init__(
        self,
        message: str,
        *,
        after: float | None = None,
        quota: bool = False,
        system: str | None = None,
        vendor_code: str | None = None,
    ) -> None:
        super().__init__(message, system=system, vendor_code=vendor_code)
        self.after = after
        self.quota = quota


class AuthFailed(BridgeError):
    """The credentials are refused, also with a fresh token. The system is paused; nobody else is."""

    code = "BR-AUTH"
    not_done = "Nothing was read from or written to this system."
    to_do = (
        "It is paused: correct the credentials named in the configuration, then run `bridge check`, which ends that."
    )


class PermissionDenied(AuthFailed):
    """The credentials work but lack a right (an object, a field, an operation)."""

    code = "BR-PERMISSION"
    to_do = "Give the integration user the right that is named, then run `bridge check`."


class KeyFieldMissing(AuthFailed):
    """The object lacks the field in which bridge notes which record is which: no create would be safe to repeat."""

    code = "BR-KEY-FIELD"
    not_done = "Nothing was written to this system; the work stays in the outbox."
    to_do = "Run `bridge setup` for the system named, which makes the field, then the command again."


class AdapterBroken(AuthFailed):
    """The adapter of this system is broken: it cannot be imported, or is no adapter. The system is left out."""

    code = "BR-ADAPTER"
    not_done = "Nothing was read from or written to this system; its work stays in the outbox, all others go on."
    to_do = "Mend the package named, or install another version of it; `bridge adapters list` shows what is installed."


class VersionConflict(BridgeError):
    """The record moved since it was read; nothing was written. The engine reads and merges again."""

    code = "BR-VERSION"
    not_done = "The write was not made, so that nobody's edit is overwritten."
    to_do = "You need not do anything: the record is read and merged again."


class InDoubt(BridgeError):
    """A write was sent and no answer came: it may or may not have happened. Looked up before it is repeated."""

    code = "BR-IN-DOUBT"
    not_done = "It is not known whether the write happened; it is not repeated before the record was looked up."
    to_do = "You need not do anything: the record is read again and the write is settled by its values and version."

    @classmethod
    def partly(cls, error: BridgeError, system: str) -> InDoubt:
        """The error of a record of which a part was written and another was not, whatever kept that one away.

        The record is looked up, and what it lacks is sent alone, which says why where it is refused. Called done, it
        would be taken for a record that the system wants without that part; called not written, what was written would
        be taken for a user's edit when it is read.
        """
        return cls(f"wrote the record, but not all of its parts: {error.message}", system=system)


class AlreadyExists(BridgeError):
    """A record with this key is there already. `native_id` names it where the system says which one."""

    code = "BR-EXISTS"
    not_done = "No second record was made."
    to_do = "You need not do anything if the key is bridge's own: the record is linked. Else see `bridge links list`."

    def __init__(
        self,
        message: str,
        *,
        native_id: str | None = None,
        system: str | None = None,
        vendor_code: str | None = None,
    ) -> None:
        super().__init__(message, system=system, vendor_code=vendor_code)
        self.native_id = native_id


class NotFound(BridgeError):
    """The record is not there (deleted, merged away, or out of the integration user's sight)."""

    code = "BR-NOT-FOUND"
    not_done = "The write was not made."
    to_do = "You need not do anything: the record is treated as gone in this system; nothing is deleted elsewhere."


class NoSuchObject(NotFound):
    """The system has no object of this name, or hides it from the integration user."""

    code = "BR-NO-OBJECT"
    not_done = "Nothing of this object was read or written; all others go on."
    to_do = "Mend its name in the mapping (`bridge mapping lint` names the line), or let the integration user see it."


class Rejected(BridgeError):
    """The system refuses this record as it is (validation, length, missing value). Final until data or mapping change.

    `fields` are native field names, where the system names them.
    """

    code = "BR-REJECTED"
    not_done = "This record was not written; all others go on."
    to_do = "Correct the value or the mapping; the entry waits in `bridge outbox list`."

    def __init__(
        self,
        message: str,
        *,
        fields: tuple[str, ...] = (),
        system: str | None = None,
        vendor_code: str | None = None,
    ) -> None:
        super().__init__(message, system=system, vendor_code=vendor_code)
        self.fields = fields


class MissingReference(Rejected):
    """A record that this one refers to is not in the system (yet). The entry waits for it."""

    code = "BR-REFERENCE"
    to_do = "You need not do anything if the other record is on its way; else create or link it."


class CursorExpired(BridgeError):
    """The position is too old for the system (a delete log purged, a locator gone): a full read is needed."""

    code = "BR-CURSOR"
    not_done = "No changes were read from that position."
    to_do = "You need not do anything: bridge reads the whole object again; nothing is deleted on that evidence alone."


class Unsupported(BridgeError):
    """The adapter or the system cannot do this at all."""

    code = "BR-UNSUPPORTED"
    to_do = "Change the mapping (direction, object) so that it is not asked for."


class MappingError(BridgeError):
    """One record cannot be mapped. It is set aside (quarantine); others go on."""

    code = "BR-MAPPING"
    not_done = "What is named was not carried over; nothing was overwritten with it."
    to_do = "Correct the record, or the mapping line that is named."


class SafetyStop(BridgeError):
    """The evidence is odd (an emptied side, too many deletes, everything changed): stopped before any such write."""

    code = "BR-SAFETY"
    not_done = "Nothing of this was written to any system; all else goes on."
    to_do = (
        "Put it right where it came from, and the stop ends by itself; or let just this through with `bridge approve`"
        " (`bridge approve --list` shows what waits)."
    )


class LoopBroken(BridgeError):
    """Two systems keep undoing each other's value of one field, through bridge: the field is held."""

    code = "BR-LOOP"
    not_done = "The last of these changes was not passed on; the field is held, all else of the record goes on."
    to_do = (
        "See the values with `bridge conflicts list --state held`, switch off the automation that changes the field"
        " back, then say which value stands with `bridge conflicts resolve`."
    )


def all_errors() -> list[type[BridgeError]]:
    """Every error class, for the documentation and the test that renders each of them."""
    found: list[type[BridgeError]] = []
    waiting: list[type[BridgeError]] = [BridgeError]
    while waiting:
        cls = waiting.pop()
        found.append(cls)
        waiting.extend(cls.__subclasses__())
    return found
