"""The command line: `bridge`."""

import gc
import sys

from bridge.entrypoints.cli.crash import last_resort, no_core_dump

YOUNG = 200_000
"""A page holds thousands of small objects and no cycles: looking for those every 700 costs a twelfth of the time."""


def main() -> None:
    """Entry point of the `bridge` program."""
    gc.set_threshold(YOUNG, 20, 20)
    no_core_dump()
    with last_resort():
        _run()


def _run() -> None:
    from bridge.entrypoints.cli.app import app  # here, so that the demo can use parts of this package

    # What has been imported by the time a command begins stays: no look for cycles goes through it again.
    imported = gc.freeze
    if "--json" in sys.argv:
        from bridge.entrypoints.cli.output import usage_as_json  # here: it brings along all that tables need

        with usage_as_json():  # who asked for a document gets one, also for words that no command understands
            sys.exit(app(standalone_mode=False, obj=imported))
    app(obj=imported)
