"""`bridge migrate` as processes: watched, killed, and asked what came of it."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.migration.company import Company


def watched(process: subprocess.Popen[str]) -> float:
    """Wait for a process; answers the peak of its memory in MB."""
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, high_water(process.pid))
        time.sleep(0.1)
    return peak


def high_water(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def migrated(company: Company, source: str, target: str, kills: int) -> dict[str, Any]:
    """Migrate to the end, killed so many times on the way; what came of it."""
    way = ("--from", source, "--to", target)
    peak, luck, hit = 0.0, random.Random(1), 0
    for stage in ("profile", "match", "plan"):
        with (company.folder / "events").open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "migrate", stage, *way, "--json"], env=company.environment, stdout=out
            )
            peak = max(peak, watched(process))
    start, seconds = time.monotonic(), 0.0
    for round_ in range(kills + 1):
        with (company.folder / "events").open("w") as out:
            command = [sys.executable, "-m", "bridge", "migrate", "load", *way, "--yes", "--json"]
            process = subprocess.Popen(command, env=company.environment, stdout=out)
            if round_ < kills:
                until = time.monotonic() + luck.uniform(2, 10)
                while process.poll() is None and time.monotonic() < until:
                    peak = max(peak, high_water(process.pid))
                    time.sleep(0.1)
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    hit += 1
                process.wait()
            else:
                peak = max(peak, watched(process))
                (company.folder / "events").rename(company.folder / "loaded")
    seconds = time.monotonic() - start
    with (company.folder / "events").open("w") as out:
        command = [sys.executable, "-m", "bridge", "migrate", "verify", *way, "--full", "--json"]
        process = subprocess.Popen(command, env=company.environment, stdout=out)
        peak = max(peak, watched(process))
    found = verified(company.folder / "events")
    records = sum(one["records"].get("source", 0) for one in found.values())
    return {
        "way": f"{source}:{target}",
        "records": records,
        "load_seconds": round(seconds, 1),
        "peak_mb": round(peak, 1),
        "kills": hit,
        "equal": all(not one["wrong"] and not one["missing"] for one in found.values()),
        "unequal": {
            entity: {"wrong": dict(one["differing"]), "missing": one["missing"]}
            for entity, one in found.items()
            if one["wrong"] or one["missing"]
        },
        "engine_seconds": seconds_of(company.folder / "loaded"),
        "duplicates": sum(max(one["records"].get("target", 0) - one["records"].get("source", 0), 0)
                          for one in found.values()),
    }  # fmt: skip


def verified(events: Path) -> dict[str, Any]:
    for line in events.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if said["event"] == "stage done":
            entities: dict[str, Any] = said["found"]["entities"]
            return entities
    raise SystemExit(f"the verification did not come to its end: {events.read_text(encoding='utf-8')[-2000:]}")


def seconds_of(events: Path) -> float:
    """Seconds of the last cycle of a load, without the start of its process."""
    said = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    return float(next((one["report"]["totals"]["seconds"] for one in reversed(said) if "report" in one), 0.0))
