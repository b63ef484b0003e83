"""What a site must say about its ERPNext: address, credentials, limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator

from bridge.transport.settings import SystemSettings, address, checked

Seconds = Annotated[float, Field(gt=0, le=3600)]


class Settings(SystemSettings):
    """The settings of one ERPNext system.

    url: the address of the site, without a path ("https://erp.example.com").
    api_key, api_secret: of the integration user (User > Settings > API Access).
    site: the site's name where several sites answer at one address and the host name does not choose between them.
    time_zone: only where the zone the site reports is wrong; `modified` is written in it without an offset.
    read_timeout: must exceed 60 seconds, because the server itself waits up to 50 seconds for a row lock.
    page: records per list call. batch: documents per insert_many (the server takes at most 200).
    overlap: seconds read again behind the newest stamp, for writes that were committed late; longer than the site's
        longest transaction (a bulk insert of 200 takes about five seconds).
    deletes_interval: seconds between two looks at the log of deleted documents; None never looks (the log needs the
        System Manager role), and deletes are then found by the full comparison only.
    ca_file: certificates to trust, for a private authority.
    webhook_secret: with which the site signs what it tells (`run.webhooks`); None: it tells nothing.
    """

    url: str = Field(examples=["https://erpnext.example.com"])
    api_key: SecretStr
    api_secret: SecretStr
    site: str | None = Field(default=None, repr=False)
    time_zone: str | None = None
    connect_timeout: Seconds = 10.0
    read_timeout: Seconds = 120.0
    page: int = Field(default=2000, ge=1, le=5000)
    batch: int = Field(default=100, ge=1, le=200)
    overlap: float = Field(default=60.0, ge=0, le=3600)
    deletes_interval: float | None = Field(default=300.0, ge=0)
    ca_file: Path | None = None
    webhook_secret: SecretStr | None = None

    @field_validator("webhook_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not 16 <= len(secret.get_secret_value()) <= 140:
            raise ValueError("must have 16 to 140 characters; `openssl rand -hex 24` makes one")
        return secret

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        return address(url, "https://erp.example.com")

    @field_validator("api_key", "api_secret")
    @classmethod
    def _credential(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if not text or not text.isascii() or not text.isprintable() or ":" in text or " " in text:
            raise ValueError("must be the plain key from the user's API Access, without blanks and colons")
        return secret

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, zone: str | None) -> str | None:
        if zone is not None:
            try:
                ZoneInfo(zone)
            except (KeyError, ValueError, OSError):
                raise ValueError("is not a time zone like Europe/Berlin") from None
        return zone

    @field_validator("ca_file")
    @classmethod
    def _authority(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("names no file")
        return path


def load(system: str, settings: Mapping[str, object]) -> Settings:
    """Validate settings; raises ConfigError with one sentence per problem and no value in it."""
    return checked(Settings, system, settings)
