"""Where bridge's time goes, for each step of `benchmarks.wire`: a profile as text and as a page.

    python -m benchmarks.profiles [--records 5000] [--store ""]

The same steps against the same played-back answers, under pyinstrument, a sample each millisecond of wall time. Written
to build/reports/profiles/STEP.txt and STEP.html. The profiler costs time itself: for figures see `benchmarks.wire`.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from pathlib import Path

import requests

from benchmarks.wire.__main__ import played, record
from benchmarks.wire.company import STEPS
from benchmarks.wire.engine import company, run
from bridge.entrypoints.cli import YOUNG

REPORTS = Path("build/reports/profiles")
INTERVAL = 0.001


def main() -> int:
    """Profile each step. Answers 2 where pyinstrument is not installed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles")
    parser.add_argument("--records", type=int, default=5_000)
    parser.add_argument("--page", type=int, default=2_000)
    parser.add_argument("--store", default="", help="URL of an empty store; empty: a SQLite file")
    given = parser.parse_args()
    try:
        from pyinstrument import Profiler
    except ModuleNotFoundError:
        print("pyinstrument is not installed; nothing was profiled: pip install '.[bench]'", file=sys.stderr)
        return 2
    REPORTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bridge-profiles-") as folder:
        path = Path(folder) / "tape"
        base, _ = record(given.records, given.page, path)
        gc.set_threshold(YOUNG, 20, 20)  # as the program does
        with played(path) as ports:
            addresses = {system: f"http://127.0.0.1:{port}" for system, port in ports.items()}
            with company(given.store, given.page, addresses, base) as runtime:
                for step in STEPS:
                    requests.get(f"{addresses['control']}/{step.name}", timeout=60)
                    with Profiler(interval=INTERVAL, async_mode="disabled") as profiler:
                        run(runtime, step)
                    text = profiler.output_text(unicode=True, color=False, show_all=False)
                    (REPORTS / f"{step.name}.txt").write_text(f"{step.title}\n{text}", encoding="utf-8")
                    (REPORTS / f"{step.name}.html").write_text(profiler.output_html(), encoding="utf-8")
                    print(f"{REPORTS / step.name}.txt, .html: {step.title}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
