"""One result for every item of a batch, whatever happens on the way. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.ports.errors import AuthFailed, BridgeError, InDoubt, PermissionDenied, Transient
from bridge.ports.records import ReadBack, WriteResult

NOT_SENT = "was not sent because an earlier part of the batch met trouble"


class Ledger:
    """The results of a batch as they come in, by the item's place.

    trouble: what stopped the batch, if anything did: items without a result were then not sent.
    """

    def __init__(self, size: int, system: str) -> None:
        self._system = system
        self._results: list[WriteResult | None] = [None] * size
        self.trouble: BridgeError | None = None

    def written(self, place: int, native_id: str, *, created: bool | None = None) -> None:
        """The item stands in the system; what is stored is added by `read_back`."""
        self._results[place] = WriteResult("ok", native_id=native_id, created=created)

    def failed(self, place: int, error: BridgeError, native_id: str | None = None) -> None:
        """The item is surely not written, or not wholly: `error` says why. A lost answer makes it unknown."""
        outcome = WriteResult("unknown" if isinstance(error, InDoubt) else "failed", native_id=native_id, error=error)
        self._results[place] = outcome

    def stop(self, error: BridgeError) -> None:
        """The batch cannot go on."""
        self.trouble = error

    def open(self, place: int) -> bool:
        """Whether the item has no result yet."""
        return self._results[place] is None

    def written_ids(self) -> dict[int, str]:
        """Place -> native id of what was written."""
        return {
            place: result.native_id
            for place, result in enumerate(self._results)
            if result is not None and result.outcome == "ok" and result.native_id is not None
        }

    def read_back(self, records: Mapping[str, ReadBack]) -> None:
        """Adds what the system holds now, and the paths of it that somebody else wrote last."""
        for place, name in self.written_ids().items():
            before = self._results[place]
            if before is not None and name in records:
                stored, edited = records[name]
                self._results[place] = WriteResult("ok", name, stored, created=before.created, edited=edited)

    def results(self) -> list[WriteResult]:
        """All results; raises what stopped the batch if nothing of it was done."""
        touched = any(one is not None and one.outcome != "failed" for one in self._results)
        if self.trouble is not None and not touched and not isinstance(self.trouble, InDoubt):
            raise self.trouble
        rest = self.trouble
        if rest is None or not isinstance(rest, Transient):
            rest = Transient(NOT_SENT, system=self._system)
        return [one if one is not None else WriteResult("failed", error=rest) for one in self._results]


def concerns_item(error: BridgeError) -> bool:
    """Whether an error is about the documents sent, and not about the system as a whole."""
    if isinstance(error, PermissionDenied):
        return True  # a user permission may hide this one document only
    return not isinstance(error, (AuthFailed, InDoubt, Transient))
