"""References to secrets: `{env: NAME}`, `{file: path}` or `{keyring: service/user}`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, TypeGuard

from bridge.mapping.reading import Data
from bridge.mapping.source import Source

SECRET_SOURCES: Final = ("env", "file", "keyring")
NO_REFERENCE: Final = "expected the place of the secret here (the name of an environment variable, say), not itself"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Secrets:
    """Replaces references to secrets by the secrets; a message names the reference, never the secret."""

    def __init__(self, source: Source, folder: Path, system: str) -> None:
        self.source, self.folder, self.system = source, folder, system
        self.problems: list[str] = []

    def resolve(self, key: str, value: Data) -> object:
        """The value of a setting, with the secret where it refers to one."""
        if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in SECRET_SOURCES:
            return value
        kind, name = next(iter(value.items()))
        found = from_source(kind, name, self.folder) if refers(name, kind) else None
        if found is not None:
            return found
        steps = ("systems", self.system, key)
        what = (
            NO_REFERENCE
            if not refers(name, kind)
            else {
                "env": f"the environment variable {name} is not set",
                "file": f"the file {name} cannot be read",
                "keyring": f"the keyring holds nothing under {name} (or the Python package keyring is not installed)",
            }[kind]
        )
        self.problems.append(str(self.source.finding("error", steps, what, at_value=True)))
        return None


def refers(name: Data, kind: str) -> TypeGuard[str]:
    """Whether this can name a secret. A message repeats it only then: it may be the secret itself."""
    return isinstance(name, str) and (kind != "env" or _VARIABLE.fullmatch(name) is not None)


def from_source(kind: str, name: str, folder: Path) -> str | None:
    """What a reference stands for; None if there is nothing."""
    if kind == "env":
        return os.environ.get(name)
    if kind == "file":
        try:
            return (folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
    try:
        import keyring
    except ModuleNotFoundError:
        return None
    service, _, user = name.partition("/")
    try:
        found: str | None = keyring.get_password(service, user)
    except keyring.errors.KeyringError:  # locked, or there is none on this machine
        return None
    return found
