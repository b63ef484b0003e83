"""Keeps a system in memory in a file between runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from bridge.adapters.memory.rows import Row
from bridge.adapters.memory.world import MemoryWorld
from bridge.ports.errors import ConfigError


def keep(world: MemoryWorld, path: Path) -> None:
    """Take the rows from the file if it is there, and write it after every change. Raises ConfigError."""
    if path.exists():
        try:
            _load(world, path)
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path}:{error.lineno}:{error.colno}: is not JSON: {error.msg}") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ConfigError(f"{path}: is not a file of a system in memory ({type(error).__name__}).") from None
    world.saved = lambda: save(world, path)


def save(world: MemoryWorld, path: Path) -> None:
    """Write the file; a reader sees the old one or the new one, never half of it."""
    tables = {
        obj: [{**asdict(row), "at": row.at.isoformat()} for row in rows.values()] for obj, rows in world.rows.items()
    }
    keys = [obj for obj, shape in world.objects.items() if shape.key_field]
    text = json.dumps({"writes": world.writes, "key_fields": keys, "objects": tables}, ensure_ascii=False, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _load(world: MemoryWorld, path: Path) -> None:
    held = json.loads(path.read_text(encoding="utf-8"))
    world.writes = int(held["writes"])
    for obj in held["key_fields"]:
        if obj in world.objects:
            world.objects[obj].key_field = True
    for obj, rows in held["objects"].items():
        world.rows[obj] = {row["id"]: Row(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows}
