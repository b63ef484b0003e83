"""What a configuration must say about an Odoo: address, database, credentials, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bridge.transport.settings import SystemSettings, address, checked

Seconds = Annotated[float, Field(gt=0, le=3600)]
Protocol = Literal["auto", "jsonrpc", "json2"]


class Settings(SystemSettings):
    """The settings of one Odoo.

    url: the address of the server, without a path. database: its name.
    login, password: of the integration user; the password may be an API key. For /jsonrpc.
    api_key: for JSON-2 (Odoo 19 and later), which is quicker, because no password has to be checked with every call.
    protocol: auto takes JSON-2 where there is an api_key and the server is 19 or later, else /jsonrpc.
    module: the module name of the external ids in ir.model.data under which bridge notes its own.
    page: records per read. batch: records per write (one transaction on the server; production servers end a call
        after 120 seconds).
    overlap: seconds read again behind the beginning of the last reading: a record is stamped at the start of its
        transaction and seen at its end.
    read_timeout: longer than 40 seconds, because the server itself tries again for that long when transactions collide.
    ca_file: certificates to trust, for a private authority.
    webhook_path, webhook_token: in the address to which Odoo tells what changes (`run.webhooks`), for it signs nothing:
        16 letters and digits or more each, which nobody can guess. None: it tells nothing.
    """

    url: str = Field(examples=["https://odoo.example.com"])
    database: str = Field(min_length=1, repr=False, examples=["example"])
    login: str | None = Field(default=None, repr=False)
    password: SecretStr | None = None
    api_key: SecretStr | None = None
    protocol: Protocol = "auto"
    module: str = Field(default="__bridge__", pattern=r"^[A-Za-z0-9_]+$")
    connect_timeout: Seconds = 10.0
    read_timeout: Seconds = 130.0
    page: int = Field(default=2000, ge=1, le=10_000)
    batch: int = Field(default=500, ge=1, le=1000)
    overlap: float = Field(default=300.0, ge=0, le=7200)
    ca_file: Path | None = None
    webhook_path: SecretStr | None = None
    webhook_token: SecretStr | None = None

    @field_validator("webhook_path", "webhook_token")
    @classmethod
    def _unguessable(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,128}", secret.get_secret_value()):
            raise ValueError("must be 16 to 128 letters and digits; `openssl rand -hex 24` makes one")
        return secret

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        return address(url, "https://odoo.example.com")

    @field_validator("password", "api_key")
    @classmethod
    def _secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value():
            raise ValueError("is empty")
        return secret

    @field_validator("api_key")
    @classmethod
    def _in_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        text = key.get_secret_value() if key is not None else "none"
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("must be the plain key from Odoo, without blanks")
        return key

    @field_validator("ca_file")
    @classmethod
    def _authority(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("names no file")
        return path

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.webhook_path is None) is not (self.webhook_token is None):
            raise ValueError("webhook_path and webhook_token belong together")
        if self.protocol == "json2":
            if self.api_key is None:
                raise ValueError("protocol json2 needs api_key")
        elif not self.login or (self.password is None and self.api_key is None):
            raise ValueError("login and password (or api_key) are needed")
        return self

    @property
    def secret(self) -> str:
        """What stands in for the password on /jsonrpc."""
        found = self.password or self.api_key
        return found.get_secret_value() if found else ""

    @property
    def verify(self) -> str | bool:
        """What requests verifies TLS with. Given with each call: else REQUESTS_CA_BUNDLE would replace it."""
        return str(self.ca_file) if self.ca_file else True


def load(system: str, settings: Mapping[str, object]) -> Settings:
    """Validate settings; raises ConfigError with one sentence per problem and no value in it."""
    return checked(Settings, system, settings)
