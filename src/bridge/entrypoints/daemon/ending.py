"""The end of the daemon's process, where it does not come by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any


def end_for_sure(after: timedelta, log: Any, leave: Callable[[int], None]) -> threading.Timer:
    """End the process after this time, whatever it does: a call that hangs must not keep a machine from going down.

    Writes without an answer are looked up by the next process, as after a crash.
    """

    def over() -> None:
        log.error(
            "stopped in the middle", after_seconds=after.total_seconds(), to_do="Nothing: the next start goes on."
        )
        time.sleep(0.1)
        leave(1)

    timer = threading.Timer(after.total_seconds(), over)
    timer.daemon = True
    timer.start()
    return timer
