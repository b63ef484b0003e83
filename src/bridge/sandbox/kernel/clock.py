"""The clock of a sandbox: real time plus an offset that a test can move, or stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Simulated time. Starts at the real time and runs with it."""

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """The time in this sandbox, aware, UTC, with microseconds."""
        return self._frozen or datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        if self._frozen:
            self._frozen += timedelta(seconds=seconds)
        self._offset += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Make it this time now. A moment without a zone is taken for UTC."""
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if self._frozen:
            self._frozen = moment
        self._offset = moment - datetime.now(UTC)

    def freeze(self, frozen: bool) -> None:
        """Stop the clock, or let it run on from where it stands."""
        if frozen:
            self._frozen = self.now()
        elif self._frozen:
            moment, self._frozen = self._frozen, None
            self.set(moment)
