"""What a configuration says, read and checked for its own form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bridge.config.secrets import Secrets
from bridge.config.webhooks import Hooks
from bridge.engine.budget import Terms
from bridge.engine.merge.loops import Loop
from bridge.engine.plan.guards import Limits
from bridge.engine.plan.notices import NoticeTerms
from bridge.engine.plan.rhythm import Terms as Silence
from bridge.engine.plan.schedule import Timetable
from bridge.mapping.reading import Data
from bridge.mapping.source import Source
from bridge.ports.errors import ConfigError

FOLDERS: Final = frozenset({"folder", "state"})
"""Settings of systems that name a place: relative to the configuration, as all its paths."""
SHOWN: Final = ("login", "username", "user")
"""Who bridge is in a system is no secret."""


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

    guards: what one read may show without a person looking at it. drift: zero for never.
    """

    tolerance: timedelta = timedelta(seconds=2)
    page: int = 2000
    max_attempts: int = 12
    max_age: timedelta = timedelta(days=3)
    max_deletes: int = 25
    wait: float = 30.0
    sweep: timedelta = timedelta(days=1)
    drift: timedelta = timedelta(days=7)
    guards: Limits = field(default_factory=Limits)
    loop: Loop = field(default_factory=Loop)


@dataclass(frozen=True, slots=True)
class HistoryConfig:
    """Days for which changes of values, and what each run wrote, are remembered."""

    keep_days: int = 365
    writes_days: int = 90


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What the daemon does by itself: when it reads, where it tells of its health (host, port; None: nowhere), and how
    long it may take to stop before it is stopped in the middle. silence: when it tells that nothing new comes; None:
    never. hooks: where systems tell it what changed; None: nowhere."""

    timetable: Timetable = field(default_factory=lambda: Timetable(ZoneInfo("UTC")))
    listen: tuple[str, int] | None = None
    stop_within: timedelta = timedelta(seconds=30)
    silence: Silence | None = field(default_factory=Silence)
    hooks: Hooks | None = None


Reference = tuple[str, str]
"""Where a secret is: (env, file or keyring; its name there)."""


@dataclass(frozen=True, slots=True)
class MailConfig:
    """A mail server and who gets mail.

    tls: starttls, on (from the first byte) or off. ca_file: certificates to trust.
    """

    host: str
    port: int
    tls: str
    sender: str
    to: tuple[str, ...]
    user: str = ""
    password: Reference | None = None
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """An address that takes {"text": …}, as Slack, Mattermost and Rocket.Chat do. Who knows it can write there."""

    url: Reference
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class NotifyConfig:
    """Who is told of what needs a person."""

    terms: NoticeTerms = field(default_factory=NoticeTerms)
    mail: MailConfig | None = None
    webhook: WebhookConfig | None = None


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
    run: RunConfig = field(default_factory=RunConfig)
    notify: NotifyConfig = field(default_factory=NotifyConfig)

    @property
    def folder(self) -> Path:
        """Where the configuration lies."""
        return self.file.parent

    def settings(self, name: str) -> dict[str, object]:
        """The settings of a system with its secrets resolved. Raises ConfigError for a secret that is not there."""
        resolver = Secrets(self.source, self.folder, name)
        found = {key: resolver.resolve(key, value) for key, value in self.systems[name].settings.items()}
        if resolver.problems:
            raise ConfigError(resolver.problems)
        for key in FOLDERS & found.keys():
            found[key] = str(self.folder / str(found[key]))
        return found

    def secrets(self, name: str) -> set[str]:
        """What stands behind the references of a system; none of it is to be seen anywhere. Who bridge is in the
        system (SHOWN) is no secret: `bridge check` says it."""
        resolver = Secrets(self.source, self.folder, name)
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
