"""The configuration file: which systems there are, how to reach them, where the store and the mappings lie.

Secrets stand in it by reference only: `{env: NAME}`, `{file: path}` or `{keyring: service/user}`. Everything wrong is
reported at once, each with file:line:column.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeGuard

from bridge.canonical.custom import BadDeclaration, known_entities
from bridge.engine.budget import Terms
from bridge.engine.merge.loops import Loop
from bridge.engine.plan.guards import Limits
from bridge.mapping.reading import Data, read_yaml
from bridge.mapping.source import NOT_READABLE, NOT_UTF8, Finding, Source, Steps, suggest, undecodable
from bridge.ports.errors import ConfigError

WORDS: Final = ("version", "store", "mappings", "systems", "custom_fields", "policies", "sync", "history")
SYNC_WORDS: Final = ("tolerance", "page", "max_attempts", "max_age", "max_deletes", "wait", "guards", "loop", "sweep")
GUARD_WORDS: Final = ("least_listed", "most_deleted", "most_emptied", "most_changed", "few_lost", "few_changed")
HISTORY_WORDS: Final = ("keep_days", "writes_days")
MOST_DAYS: Final = 36_500
LOOP_WORDS: Final = ("flips", "within")
OWN_WORDS: Final = ("adapter", "budget", "canary", "tolerance")
"""What bridge reads of a system by itself; all else is the adapter's."""
BUDGET_WORDS: Final = ("per_second", "per_day", "reserve", "at_once")
SECRET_SOURCES: Final = ("env", "file", "keyring")
SHOWN: Final = ("login", "username", "user")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_REFERENCE: Final = "expected the place of the secret here (the name of an environment variable, say), not itself"
_FUNCTION: Final = re.compile(r".+\.py:[A-Za-z_]\w*")
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(%)?")
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}


@dataclass(frozen=True, slots=True)
class SystemConfig:
    """One system: the adapter's name and its settings as written, secrets unresolved, and the budget of its calls.

    canary: entity -> the native id of a record that must be there, else it is another database.
    tolerance: instants of its records closer than this cannot be told apart from those of others; None: as usual.
    """

    name: str
    adapter: str
    settings: Mapping[str, Data] = field(repr=False)
    budget: Terms = field(default_factory=Terms)
    canary: Mapping[str, str] = field(default_factory=dict, repr=False)
    tolerance: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SyncConfig:
    """Times and limits of a run. wait: how long a single `sync` waits for retries that are due soon, in seconds.

    guards: what one read may show without a person looking at it.
    """

    tolerance: timedelta = timedelta(seconds=2)
    page: int = 2000
    max_attempts: int = 12
    max_age: timedelta = timedelta(days=3)
    max_deletes: int = 25
    wait: float = 30.0
    sweep: timedelta = timedelta(days=1)
    guards: Limits = field(default_factory=Limits)
    loop: Loop = field(default_factory=Loop)


@dataclass(frozen=True, slots=True)
class HistoryConfig:
    """Days for which changes of values, and what each run wrote, are remembered."""

    keep_days: int = 365
    writes_days: int = 90


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration file, read and checked for its own form. Relative paths are taken from the file's folder.

    policies: name -> "file.py:function", a site's own rules for conflicts.
    """

    file: Path
    store: str = field(repr=False)
    mappings: Path
    systems: Mapping[str, SystemConfig]
    custom_fields: Mapping[str, Mapping[str, str]]
    sync: SyncConfig
    source: Source = field(repr=False)
    policies: Mapping[str, str] = field(default_factory=dict)
    history: HistoryConfig = field(default_factory=HistoryConfig)

    @property
    def folder(self) -> Path:
        """Where the configuration lies."""
        return self.file.parent

    def settings(self, name: str) -> dict[str, object]:
        """The settings of a system with its secrets resolved. Raises ConfigError for a secret that is not there."""
        resolver = _Secrets(self, name)
        found = {key: resolver.resolve(key, value) for key, value in self.systems[name].settings.items()}
        if resolver.problems:
            raise ConfigError(resolver.problems)
        return found

    def secrets(self, name: str) -> set[str]:
        """What stands behind the references of a system; none of it is to be seen anywhere. Who bridge is in the
        system (SHOWN) is no secret: `bridge check` says it."""
        resolver = _Secrets(self, name)
        written = self.systems[name].settings
        found = {key: resolver.resolve(key, value) for key, value in written.items() if key not in SHOWN}
        return {value for key, value in found.items() if isinstance(value, str) and value != written[key]}

    def place(self, problem: str) -> str:
        """A problem that names "systems.crm.url: …", with file:line:column in front."""
        where, colon, message = problem.partition(": ")
        if where == "store.url":
            return str(self.source.finding("error", ("store",), message, at_value=True))
        if not colon or not where.startswith("systems."):
            return problem
        return str(self.source.finding("error", tuple(where.split(".")), message))


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


class _Reading:
    """One pass over the file that notes every problem."""

    def __init__(self, path: Path, data: dict[str, Data], source: Source) -> None:
        self.path, self.data, self.source = path, data, source
        self.findings: list[Finding] = []

    def wrong(self, steps: Steps, message: str, *, at_value: bool = False) -> None:
        self.findings.append(self.source.finding("error", steps, message, at_value=at_value))

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
            sync=self.sync(),
            source=self.source,
            policies=self.policies(),
            history=self.history(),
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

    def known(self, section: Mapping[str, Data], steps: Steps, words: tuple[str, ...]) -> None:
        for key in section:
            if key not in words:
                self.wrong((*steps, key), f"unknown entry{suggest(key, words)}")

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
            value = _from_source(kind, name, self.path.parent) if _refers(name, kind) else None
            if value is None:
                words = f"the secret {kind} {name} is not there" if _refers(name, kind) else _NO_REFERENCE
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
            budget = self.budget(("systems", name, "budget"), body.get("budget", {}))
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

    def budget(self, steps: Steps, section: Data) -> Terms:
        """The calls that a system may get."""
        if not isinstance(section, dict):
            self.wrong(steps, "expected entries like per_second: 10")
            return Terms()
        self.known(section, steps, BUDGET_WORDS)
        numbers: dict[str, float | None] = {}
        for word in BUDGET_WORDS:
            value = section.get(word)
            said = _NUMBER.fullmatch(value) if isinstance(value, str) else None
            number = float(said[1]) / (100 if said[2] else 1) if said else None
            least, most = {"reserve": (0.0, 0.95), "per_second": (0.01, 1e6)}.get(word, (1.0, 1e12))
            whole = word in ("per_day", "at_once") and number is not None and number % 1
            if value is not None and (number is None or whole or not least <= number <= most):
                expected = "a share like 30%, at most 95%" if word == "reserve" else "a number above 0"
                self.wrong((*steps, word), f"expected {expected}", at_value=True)
                number = None
            numbers[word] = number
        per_day, at_once, reserve = numbers["per_day"], numbers["at_once"], numbers["reserve"]
        return Terms(
            per_second=numbers["per_second"],
            per_day=int(per_day) if per_day else None,
            reserve=0.3 if reserve is None else reserve,
            at_once=int(at_once) if at_once else None,
        )

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

    def sync(self) -> SyncConfig:
        section = self.data.get("sync", {})
        if not isinstance(section, dict):
            self.wrong(("sync",), "expected entries like tolerance: 2s")
            return SyncConfig()
        self.known(section, ("sync",), SYNC_WORDS)
        usual = SyncConfig()
        return SyncConfig(
            tolerance=timedelta(seconds=self.span(section, "tolerance", usual.tolerance.total_seconds())),
            page=self.number(section, "page", usual.page),
            max_attempts=self.number(section, "max_attempts", usual.max_attempts),
            max_age=timedelta(seconds=self.span(section, "max_age", usual.max_age.total_seconds())),
            max_deletes=self.number(section, "max_deletes", usual.max_deletes),
            wait=self.span(section, "wait", usual.wait),
            sweep=timedelta(seconds=self.span(section, "sweep", usual.sweep.total_seconds())),
            guards=self.guards(section.get("guards", {})),
            loop=self.loop(section.get("loop", {}), usual.loop),
        )

    def guards(self, section: Data) -> Limits:
        """What one read may show: shares as 20%, and numbers up to which nothing is stopped."""
        if not isinstance(section, dict):
            self.wrong(("sync", "guards"), "expected entries like most_changed: 50%")
            return Limits()
        self.known(section, ("sync", "guards"), GUARD_WORDS)
        usual = Limits()
        return Limits(
            least_listed=self.share(section, "least_listed", usual.least_listed),
            most_deleted=self.share(section, "most_deleted", usual.most_deleted),
            most_emptied=self.share(section, "most_emptied", usual.most_emptied),
            most_changed=self.share(section, "most_changed", usual.most_changed),
            few_lost=self.few(section, "few_lost", usual.few_lost),
            few_changed=self.few(section, "few_changed", usual.few_changed),
        )

    def share(self, section: Mapping[str, Data], word: str, usual: Decimal) -> Decimal:
        value = section.get(word)
        said = _SHARE.fullmatch(value) if isinstance(value, str) else None
        if value is not None and (said is None or Decimal(said[1]) > 100):
            self.wrong(("sync", "guards", word), "expected a share like 20%, at most 100%", at_value=True)
            return usual
        return Decimal(said[1]) / 100 if said else usual

    def few(self, section: Mapping[str, Data], word: str, usual: int) -> int:
        value = section.get(word)
        if value is not None and not (isinstance(value, str) and value.isdecimal()):
            self.wrong(("sync", "guards", word), "expected a whole number", at_value=True)
            return usual
        return int(value) if isinstance(value, str) else usual

    def loop(self, section: Data, usual: Loop) -> Loop:
        """When a field is frozen that two systems keep undoing for each other."""
        if not isinstance(section, dict):
            self.wrong(("sync", "loop"), "expected entries like flips: 4", at_value=True)
            return usual
        self.known(section, ("sync", "loop"), LOOP_WORDS)
        within = self.span(section, "within", usual.within.total_seconds(), ("sync", "loop"))
        if within > MOST_DAYS * _UNITS["d"]:
            self.wrong(("sync", "loop", "within"), f"expected at most {MOST_DAYS}d", at_value=True)
            return usual
        return Loop(self.number(section, "flips", usual.flips, ("sync", "loop")), timedelta(seconds=within))

    def history(self) -> HistoryConfig:
        section = self.data.get("history", {})
        if not isinstance(section, dict):
            self.wrong(("history",), "expected entries like keep_days: 365", at_value=True)
            return HistoryConfig()
        self.known(section, ("history",), HISTORY_WORDS)
        usual, steps = HistoryConfig(), ("history",)
        found = HistoryConfig(
            self.number(section, "keep_days", usual.keep_days, steps),
            self.number(section, "writes_days", usual.writes_days, steps),
        )
        for word, days in (("keep_days", found.keep_days), ("writes_days", found.writes_days)):
            if days > MOST_DAYS:
                self.wrong(("history", word), f"expected at most {MOST_DAYS} days", at_value=True)
        return found

    def span(self, section: Mapping[str, Data], word: str, usual: float, steps: Steps = ("sync",)) -> float:
        value = section.get(word)
        if value is None:
            return usual
        parts = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if parts is None:
            self.wrong((*steps, word), "expected a time like 2s, 15m, 3h or 2d", at_value=True)
            return usual
        return float(parts[1]) * _UNITS[parts[2]]

    def number(self, section: Mapping[str, Data], word: str, usual: int, steps: Steps = ("sync",)) -> int:
        value = section.get(word)
        if value is None:
            return usual
        if not isinstance(value, str) or not value.isdecimal() or int(value) < 1:
            self.wrong((*steps, word), "expected a whole number above 0", at_value=True)
            return usual
        return int(value)


class _Secrets:
    """Replaces references to secrets by the secrets; a message names the reference, never the secret."""

    def __init__(self, config: Config, system: str) -> None:
        self.config, self.system = config, system
        self.problems: list[str] = []

    def resolve(self, key: str, value: Data) -> object:
        if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in SECRET_SOURCES:
            return value
        kind, name = next(iter(value.items()))
        found = _from_source(kind, name, self.config.folder) if _refers(name, kind) else None
        if found is not None:
            return found
        steps = ("systems", self.system, key)
        what = (
            _NO_REFERENCE
            if not _refers(name, kind)
            else {
                "env": f"the environment variable {name} is not set",
                "file": f"the file {name} cannot be read",
                "keyring": f"the keyring holds nothing under {name} (or the Python package keyring is not installed)",
            }[kind]
        )
        self.problems.append(str(self.config.source.finding("error", steps, what, at_value=True)))
        return None


def _refers(name: Data, kind: str) -> TypeGuard[str]:
    """Whether this can name a secret. A message repeats it only then: it may be the secret itself."""
    return isinstance(name, str) and (kind != "env" or _VARIABLE.fullmatch(name) is not None)


def _from_source(kind: str, name: str, folder: Path) -> str | None:
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
