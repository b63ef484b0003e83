"""bridge on a machine whose clock is behind: `python -m e2e.set_back run`. By how many seconds, the file says that
BRIDGE_BEHIND names; asked each time, so that a test can set the clock of a running process."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partialmethod
from pathlib import Path
from unittest import mock

from bridge.entrypoints.cli import main
from bridge.entrypoints.daemon.loop import Daemon


def clock(file: Path) -> Callable[[], datetime]:
    """The machine's time."""
    return lambda: datetime.now(UTC) - timedelta(seconds=float(file.read_text()))


if __name__ == "__main__":
    behind = Path(os.environ["BRIDGE_BEHIND"])
    with mock.patch.object(Daemon, "__init__", partialmethod(Daemon.__init__, clock=clock(behind))):
        main()
