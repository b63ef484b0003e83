"""How the daemon is, for whoever asks over HTTP; and whether a reading went well."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.engine.pausing import covered
from bridge.engine.plan.rhythm import Rhythm
from bridge.engine.report import Report


@dataclass(slots=True)
class Pulse:
    """Instants are those of its last sign of life, of the end of its last cycle, and of each (system, entity)'s last
    reading that went well. silent: those that bring nothing new for longer than they ever did. set_back: when, by its
    own time, this machine's clock was last set back, and how far."""

    sign: datetime
    cycled: datetime | None = None
    read: dict[tuple[str, str], datetime] = field(default_factory=dict)
    silent: dict[tuple[str, str], Rhythm] = field(default_factory=dict)
    fault: str = ""
    refused: tuple[str, ...] = ()
    stopping: bool = False
    set_back: tuple[datetime, timedelta] | None = None


def went_well(report: Report, place: tuple[str, str]) -> bool:
    """Whether what was to be read was read. A record that is refused says nothing of that."""
    system, entity = place
    ours = [one for one in report.troubles if one.system == system and one.entity in ("", entity)]
    off = {*report.paused, *report.resting}
    return (
        all(one.golden_id for one in ours)
        and system not in off
        and not covered([place], report.paused_entities.values())
    )
