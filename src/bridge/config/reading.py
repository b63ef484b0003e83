"""One pass over a configuration file that notes every problem."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from bridge.canonical.custom import BadDeclaration, known_entities
from bridge.config.notes import Notes
from bridge.config.running import run_of
from bridge.config.secrets import NO_REFERENCE, SECRET_SOURCES, from_source, refers
from bridge.config.sections import budget_of, history_of, sync_of
from bridge.config.values import Config, SystemConfig
from bridge.mapping.reading import Data, read_yaml
from bridge.mapping.source import NOT_READABLE, NOT_UTF8, Source, Steps, undecodable
from bridge.ports.errors import ConfigError

WORDS: Final = ("version", "store", "mappings", "systems", "custom_fields", "policies", "sync", "history", "run")
OWN_WORDS: Final = ("adapter", "budget", "canary", "tolerance")
"""What bridge reads of a system by itself; all else is the adapter's."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FUNCTION: Final = re.compile(r".+\.py:[A-Za-z_]\w*")


def load_config(path: Path) -> Config:
    """Read a configuration file. Raises ConfigError with every problem found."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; `bridge init` writes one to begin with") from None
    except UnicodeDecodeError as error:
        line, column = undecodable(error)
        raise ConfigError(f"{path}:{line}:{column}: {NOT_UTF8}") from None
    except OSError:
        raise ConfigError(f"{path}: {NOT_READABLE}") from None
    document = read_yaml(text, str(path))
    if document.findings or not isinstance(document.data, dict):
        found = [str(finding) for finding in document.findings]
        raise ConfigError(found or [f"{path}:1:1: expected entries like 'systems:' here"])
    reading = _Reading(path, document.data, document.source)
    config = reading.config()
    if reading.findings:
        raise ConfigError([str(finding) for finding in reading.findings])
    return config


class _Reading(Notes):
    """The pass."""

    def __init__(self, path: Path, data: dict[str, Data], source: Source) -> None:
        super().__init__(source)
        self.path, self.data = path, data

    def config(self) -> Config:
        self.known(self.data, (), WORDS)
        version = self.data.get("version", "1")
        if version != "1":
            self.wrong(("version",), "this program reads version 1", at_value=True)
        systems = self.systems()
        return Config(
            file=self.path,
            store=self.store(),
            mappings=self.path.parent / self.text(("mappings",), "mappings"),
            systems=systems,
            custom_fields=self.custom_fields(),
            sync=sync_of(self, self.data.get("sync", {})),
            source=self.source,
            policies=self.policies(),
            history=history_of(self, self.data.get("history", {})),
            run=run_of(self, self.data.get("run", {}), systems),
        )

    def policies(self) -> dict[str, str]:
        section = self.data.get("policies", {})
        if not isinstance(section, dict):
            self.wrong(("policies",), "expected names with their functions, as strictest: rules.py:strictest")
            return {}
        found: dict[str, str] = {}
        for name, value in section.items():
            if not _NAME.fullmatch(name):
                self.wrong(("policies", name), "a policy's name is made of letters, digits, _ and -")
            elif not isinstance(value, str) or not _FUNCTION.fullmatch(value):
                self.wrong(("policies", name), "expected a file and a function in it, as rules.py:strictest")
            else:
                found[name] = value
        return found

    def text(self, steps: Steps, default: str) -> str:
        value: Data = self.data
        for step in steps:
            value = value.get(str(step), default) if isinstance(value, dict) else default
        if not isinstance(value, str):
            self.wrong(steps, "expected one word or line of text here")
            return default
        return value

    def store(self) -> str:
        """The store's URL; a relative SQLite path is taken from the folder of the configuration."""
        found = self.data.get("store", "sqlite:///bridge.db")
        if isinstance(found, dict) and len(found) == 1 and next(iter(found)) in SECRET_SOURCES:
            kind, name = next(iter(found.items()))
            value = from_source(kind, name, self.path.parent) if refers(name, kind) else None
            if value is None:
                words = f"the secret {kind} {name} is not there" if refers(name, kind) else NO_REFERENCE
                self.wrong(("store", kind), words, at_value=True)
            return value or ""
        if not isinstance(found, str):
            self.wrong(("store",), "expected a database URL like sqlite:///bridge.db, or {env: NAME}")
            return ""
        prefix = "sqlite:///"
        if found.startswith(prefix) and not found.startswith(prefix + "/"):
            return prefix + str((self.path.parent / found.removeprefix(prefix)).resolve())
        return found

    def systems(self) -> dict[str, SystemConfig]:
        section = self.data.get("systems")
        if not isinstance(section, dict) or not section:
            self.wrong(("systems",), "name at least one system here, as crm: {adapter: salesforce, …}")
            return {}
        found: dict[str, SystemConfig] = {}
        for name, body in section.items():
            if not _NAME.fullmatch(name):
                self.wrong(("systems", name), "a system's name is made of letters, digits, _ and -")
            if not isinstance(body, dict) or not isinstance(body.get("adapter"), str):
                self.wrong(("systems", name), "say which adapter reaches it, as adapter: salesforce")
                continue
            settings = {key: value for key, value in body.items() if key not in OWN_WORDS}
            budget = budget_of(self, ("systems", name, "budget"), body.get("budget", {}))
            canary = self.canary(("systems", name, "canary"), body.get("canary", {}))
            span = self.span(body, "tolerance", -1, ("systems", name))
            tolerance = timedelta(seconds=span) if span >= 0 else None
            found[name] = SystemConfig(name, str(body["adapter"]), settings, budget, canary, tolerance)
        return found

    def canary(self, steps: Steps, section: Data) -> dict[str, str]:
        """The records that must be there."""
        if not isinstance(section, dict) or not all(isinstance(value, str) and value for value in section.values()):
            self.wrong(steps, "expected entities, each with the id of a record, as customer: 001xx0000001")
            return {}
        return {entity: str(value) for entity, value in section.items()}

    def custom_fields(self) -> dict[str, dict[str, str]]:
        section = self.data.get("custom_fields", {})
        found: dict[str, dict[str, str]] = {}
        if not isinstance(section, dict):
            self.wrong(("custom_fields",), "expected entities with their fields, as customer: {x_segment: text}")
            return found
        for entity, fields in section.items():
            if not isinstance(fields, dict) or not all(isinstance(kind, str) for kind in fields.values()):
                self.wrong(("custom_fields", entity), "expected fields with their types, as x_segment: text")
                continue
            found[entity] = {name: str(kind) for name, kind in fields.items()}
            for name, kind in found[entity].items():
                try:
                    known_entities({entity: {name: kind}})
                except BadDeclaration as error:
                    message = str(error).removeprefix(f"{entity}.{name}: ")
                    self.wrong(("custom_fields", entity, name), message, at_value=True)
        return found
