"""What a configuration must say about a Tryton: address, database, credentials, limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from bridge.transport.settings import SystemSettings, address, checked
from pydantic import Field, SecretStr, field_validator

Seconds = Annotated[float, Field(gt=0, le=3600)]


class Settings(SystemSettings):
    """The settings of one Tryton.

    url: the address of the server, without a path. database: its name.
    login, password: of the integration user.
    company: the id of the company to work in; without it the one that the user has chosen in the preferences.
    warnings: what becomes of a write that Tryton wants a person to say yes to: `refuse` (it stands in the outbox with
        the reason) or `accept` (bridge says yes).
    page: records per read. batch: records per write, which is one transaction; more than 50 are no quicker.
    overlap: seconds read again behind the beginning of the last reading: a record is stamped at the start of its
        transaction and seen at its end.
    ca_file: certificates to trust, for a private authority.
    """

    url: str
    database: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$", repr=False)
    login: str = Field(min_length=1, repr=False)
    password: SecretStr
    company: int | None = Field(default=None, ge=1)
    warnings: Literal["refuse", "accept"] = "refuse"
    connect_timeout: Seconds = 10.0
    read_timeout: Seconds = 130.0
    page: int = Field(default=1000, ge=1, le=1000)
    batch: int = Field(default=50, ge=1, le=1000)
    overlap: float = Field(default=300.0, ge=0, le=7200)
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        return address(url, "https://tryton.example.com")

    @field_validator("password")
    @classmethod
    def _secret(cls, secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value():
            raise ValueError("is empty")
        return secret

    @field_validator("ca_file")
    @classmethod
    def _authority(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("names no file")
        return path

    @property
    def verify(self) -> str | bool:
        """What requests verifies TLS with. Given with each call: else REQUESTS_CA_BUNDLE would replace it."""
        return str(self.ca_file) if self.ca_file else True


def load(system: str, settings: Mapping[str, object]) -> Settings:
    """Validate settings; raises ConfigError with one sentence per problem and no value in it."""
    return checked(Settings, system, settings)
