"""The commands by name: each is imported when it is called for, so that none waits for what only others need."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from copy import copy
from importlib import import_module
from typing import Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


class Place(NamedTuple):
    """Where a command is made (a module beside this one, by its function `register`), and what the help says of it."""

    module: str
    help: str


COMMANDS: Final = {
    "init": Place("prepare", "Write a configuration and the mapping files to begin with. Never overwrites a file."),
    "check": Place(
        "prepare",
        "Ask every system whether it answers, who bridge is there, and what is missing for the mapped objects.",
    ),
    "setup": Place(
        "prepare",
        "Prepare a system: make the key fields in which bridge notes which record is which, and the webhooks where "
        "`run.webhooks` is configured. Safe to repeat.",
    ),
    "sync": Place(
        "run", "Bring all systems in step once: read, match, merge, write. Safe to stop and to repeat at any time."
    ),
    "plan": Place(
        "run", "Show what `sync` would write, by running it on a copy of the store without writing to any system."
    ),
    "run": Place(
        "daemon", "Keep all systems in step until stopped: read on the timetable of `run:`, write what is due at once."
    ),
    "approve": Place(
        "approve",
        "Let the next sync do, once, what a run stopped for safety's sake. If more is due by then, it stops again.",
    ),
    "status": Place(
        "inspect", "What is linked, what waits, how old each position is. Exits with 1 where something needs a person."
    ),
    "explain": Place(
        "inspect", "Each field of one record: value, who set it, when, why it won, and what every system holds."
    ),
    "pause": Place(
        "pausing",
        "Leave a system or an entity alone: it is neither read nor written until `resume`. Its work is kept; all else "
        "goes on.",
    ),
    "resume": Place(
        "pausing", "End a pause, whoever made it: the next sync, or the daemon, reads and writes it again."
    ),
    "notify": Place(
        "notify",
        "Show what needs a person, as the daemon would tell it. Nothing is sent, except a test message with --test.",
    ),
    "undo": Place(
        "undo",
        "Show what would take back the writes of one run; --apply syncs, so that nobody's edit is missed, and does it.",
    ),
    "backup": Place(
        "store", "Write a copy of the store to a new file, and check it. Others may go on working meanwhile."
    ),
    "restore": Place(
        "store", "Make a backup the store again. What was edited and written since is read again by the next sync."
    ),
    "forget": Place(
        "forget",
        "Show what bridge keeps of a record, in all systems; --apply erases it. Nothing is deleted in any system.",
    ),
    "sandbox": Place(
        "sandbox",
        "Run a local server that behaves like the vendor's, until stopped. Its control plane is under /__sandbox__/.",
    ),
    "demo": Place(
        "demo", "Start three sandboxes, fill them with customers that overlap and differ, and keep them in step."
    ),
    "conflicts": Place("inspect", "Conflicts: who said what, and whose word stands."),
    "outbox": Place("inspect", "The outbox: what is still to be written, and why it is not yet."),
    "links": Place("inspect", "Links: which native record is which golden record."),
    "store": Place("store", "The store: what bridge remembers."),
    "migrate": Place(
        "migrate", "Bring everything of one system into another: profile, match, plan, load, verify, report."
    ),
    "mapping": Place("mapping", "Mapping files: what means what."),
    "adapters": Place("adapters", "The adapters that are installed, and how to begin another."),
    "rejects": Place(
        "rejects", "Rows that could not be carried over: listed, written to CSV files to be mended, put back."
    ),
}
"""In the order of the help. A test holds the texts against those of the commands themselves."""


class OnDemand(MutableMapping[str, Any]):
    """Commands by name. All names are known; a command is made, and its module imported, when it is asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            part = typer.Typer()
            import_module(f"bridge.entrypoints.cli.{COMMANDS[name].module}").register(part)
            self._made.update(get_group(part).commands)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Commands(TyperGroup):
    """The program's commands. `obj` of the context, where there is one, is called once a command has been imported."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = OnDemand()

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, none of them imported."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words name."""
        found = super().resolve_command(ctx, args)
        if ctx.obj is not None:
            ctx.obj()
        return found

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help tells one line of each command and needs none of them."""
        told = copy(self)
        told.commands = {name: TyperCommand(name, help=place.help) for name, place in COMMANDS.items()}
        super(Commands, told).format_help(ctx, formatter)
