"""The progress bar of commands that can run long; none where nobody looks on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from bridge.entrypoints.cli.output import stderr


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[str, str, str, int], None]]:
    """A line per system and entity while the work runs; nothing where nobody looks on."""
    if quiet or not stderr.is_terminal:
        yield lambda stage, system, entity, number: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr, transient=True) as bar:
        tasks: dict[tuple[str, str, str], TaskID] = {}

        def tell(stage: str, system: str, entity: str, number: int) -> None:
            place = (stage, system, entity)
            if place not in tasks:
                tasks[place] = bar.add_task(f"{stage:5} {system} {entity}", total=None)
            bar.update(tasks[place], completed=number)

        yield tell
