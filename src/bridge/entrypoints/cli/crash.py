"""Crash notes: what a defect leaves behind for whoever mends it. Kinds and places; no text and no variable of a fault.

The text of an exception quotes what it stumbled over, and a frame's variables are records and requests: neither is
written anywhere. Nothing here needs more than the standard library, so that it also works where an import failed.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bridge import __version__

PROBLEMS = 1


def crash_note(error: BaseException) -> Path | None:
    """Write a note into the folder for temporary files, readable by its owner only; None where none can be written."""
    lines = [
        f"bridge {__version__}, Python {platform.python_version()}, {platform.system()}",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        *_told(error),
    ]
    try:
        handle, name = tempfile.mkstemp(prefix="bridge-crash-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as note:
            note.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return Path(name)


def in_words(error: BaseException) -> str:
    """What a person is told of a defect: its kind, its place, and where the note is."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {_short(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    note = crash_note(error)
    where = f"; {note} says more, without any value" if note else ""
    return f"unexpected {type(error).__name__}{place}{where}; please report it"


def no_core_dump() -> None:
    """Leave no image of the memory behind when a signal ends the process: every secret in use stands in it."""
    try:
        import resource
    except ImportError:  # Windows writes none by itself
        return
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


@contextmanager
def last_resort() -> Iterator[None]:
    """Around the whole program: what no command has caught is told in one sentence, and never as a traceback."""
    try:
        yield
    except Exception as error:
        words = in_words(error)
    else:
        return
    sys.stderr.write(f"BR-ERROR {words}\n")
    sys.exit(PROBLEMS)


def _told(error: BaseException) -> Iterator[str]:
    """Each fault of the chain, the outermost first, with its frames."""
    seen: set[int] = set()
    fault: BaseException | None = error
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield f"{'after ' if fault is not error else ''}{type(fault).__module__}.{type(fault).__name__}"
        for frame in traceback.extract_tb(fault.__traceback__):
            yield f"    {_short(frame.filename)}:{frame.lineno} {frame.name}"
        fault = fault.__cause__ or fault.__context__


def _short(file: str) -> str:
    """A file's name with two folders: where it is installed is nobody's business."""
    return "/".join(Path(file).parts[-3:])
