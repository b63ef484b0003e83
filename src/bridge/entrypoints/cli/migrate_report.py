"""The report of a migration in the command line: written as two files, and checked against its hash."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson

from bridge.engine.migrate.report import body, genuine, signed
from bridge.entrypoints.cli.output import DONE, WrongUsage, console, writing
from bridge.entrypoints.migration.page import carried_in, page
from bridge.entrypoints.migration.stages import Stages
from bridge.entrypoints.migration.telling import event


def checked(file: Path) -> tuple[bool, str]:
    """Whether a report (HTML or JSON) is as it was made, and of which run it is. Raises WrongUsage."""
    try:
        text = file.read_text(encoding="utf-8")
        carried = carried_in(text) if text.lstrip().startswith("<") else orjson.loads(text)
    except (OSError, ValueError):
        raise WrongUsage(f"{file}: cannot be read, or is no report of a migration") from None
    if not isinstance(carried, dict):
        raise WrongUsage(f"{file}: is no report of a migration")
    good = genuine(carried) and (not text.lstrip().startswith("<") or page(carried) == text)
    return good, str(carried.get("run", ""))


def write_report(stages: Stages, folder: Path, *, json: bool) -> int:
    """Write the report of a run as HTML and JSON; gives the exit code. Raises CannotWrite."""
    state = stages.state
    state.begin_stage("report")
    document = signed(body(state.as_json(), datetime.now(UTC).isoformat()))
    files = [folder / f"migration-{state.run}.{ending}" for ending in ("html", "json")]
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for file, text in zip(
        files,
        (page(document), orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"),
        strict=True,
    ):
        with writing(file):
            file.write_text(text, encoding="utf-8")
    stages.end("report", {"sha256": document["sha256"], "reports": [str(file) for file in files]})
    if json:
        event("stage done", stage="report", run=state.run, found=state.stages["report"])
    else:
        console.print(f"Report: {files[0]} and {files[1].name}, sha256 {document['sha256']}", soft_wrap=True)
    return DONE
