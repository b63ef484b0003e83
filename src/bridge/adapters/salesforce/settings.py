"""What a configuration must say about a Salesforce org: address, how to log in, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from bridge.transport.settings import SystemSettings, address, checked

Seconds = Annotated[float, Field(gt=0, le=3600)]
Grant = Literal["client_credentials", "jwt_bearer", "token"]

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "client_credentials": ("client_id", "client_secret"),
    "jwt_bearer": ("client_id", "username", "private_key"),
    "token": ("access_token",),
}


class Settings(SystemSettings):
    """The settings of one Salesforce org.

    instance_url: the org's My Domain address ("https://acme.my.salesforce.com"); every call goes there.
    grant: how a session is got. client_credentials: client_id and client_secret of the connected app. jwt_bearer:
        client_id, username and private_key (PEM, RS256). token: a session somebody else got, which cannot be renewed.
        The SOAP log-in with user name and password is not offered: Salesforce removes it in Summer '27.
    login_url: where tokens are asked for; the instance itself by default (a My Domain answers both grants).
    audience: the "aud" of the JWT: by default login_url, else the log-in server for the org's kind.
    api_version: of the REST API, from 46.0 on, which introduced the "created" flag.
    page: records per query (the server gives at most 2,000 at once). batch: records per write call (at most 200).
    bulk: more new records than so many at once go as a job of Bulk API 2.0; only a migration hands over so many.
    overlap: seconds read again behind the newest stamp: a record is stamped in its transaction but seen only when that
        commits, and a transaction may last ten minutes.
    deletes_interval: seconds between two looks at the log of deletes, for records that left the recycle bin unseen;
        None never looks.
    ca_file: certificates to trust, for a private authority.
    webhook_path, organization_id: how outbound messages are known (`run.webhooks`): a part of their address that nobody
        can guess, 16 letters and digits or more, and the org's id (Setup > Company Information). None: it sends none.
    """

    instance_url: str = Field(examples=["https://example.my.salesforce.com"])
    grant: Grant = "client_credentials"
    client_id: SecretStr | None = None
    client_secret: SecretStr | None = None
    username: str | None = Field(default=None, repr=False)
    private_key: SecretStr | None = None
    access_token: SecretStr | None = None
    login_url: str | None = None
    audience: str | None = None
    api_version: str = Field(default="62.0", pattern=r"^\d{2,3}\.0$")
    connect_timeout: Seconds = 10.0
    read_timeout: Seconds = 120.0
    page: int = Field(default=2000, ge=1, le=2000)
    batch: int = Field(default=200, ge=1, le=200)
    bulk: int = Field(default=2000, ge=1)
    overlap: float = Field(default=600.0, ge=0, le=7200)
    deletes_interval: float | None = Field(default=300.0, ge=0)
    ca_file: Path | None = None
    webhook_path: SecretStr | None = None
    organization_id: str | None = Field(default=None, pattern=r"^00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$")

    @field_validator("webhook_path")
    @classmethod
    def _unguessable(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,128}", secret.get_secret_value()):
            raise ValueError("must be 16 to 128 letters and digits; `openssl rand -hex 24` makes one")
        return secret

    @field_validator("instance_url", "login_url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        return url if url is None else address(url, "https://acme.my.salesforce.com")

    @field_validator("client_id", "client_secret", "access_token")
    @classmethod
    def _credential(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            text = secret.get_secret_value()
            if not text or not text.isascii() or not text.isprintable() or " " in text:
                raise ValueError("must be the plain value from Salesforce, without blanks")
        return secret

    @field_validator("api_version")
    @classmethod
    def _recent(cls, version: str) -> str:
        if float(version) < 46:
            raise ValueError("must be 46.0 or later")
        return version

    @field_validator("ca_file")
    @classmethod
    def _authority(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("names no file")
        return path

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.webhook_path is None) is not (self.organization_id is None):
            raise ValueError("webhook_path and organization_id belong together")
        missing = [name for name in _NEEDED[self.grant] if not getattr(self, name)]
        if missing:
            raise ValueError(f"grant {self.grant} needs {' and '.join(missing)}")
        return self

    @property
    def token_url(self) -> str:
        """Where a token is asked for."""
        return f"{self.login_url or self.instance_url}/services/oauth2/token"

    @property
    def jwt_audience(self) -> str:
        """Whom a JWT is meant for. Salesforce takes the name of its log-in server there, not that of a My Domain."""
        host = urlsplit(self.instance_url).hostname or ""
        if host.endswith(".sandbox.my.salesforce.com"):
            server = "https://test.salesforce.com"
        else:
            server = "https://login.salesforce.com" if host.endswith(".salesforce.com") else self.instance_url
        return self.audience or self.login_url or server

    @property
    def verify(self) -> str | bool:
        """What requests verifies TLS with. Given with each call: else REQUESTS_CA_BUNDLE would replace it."""
        return str(self.ca_file) if self.ca_file else True


def load(system: str, settings: Mapping[str, object]) -> Settings:
    """Validate settings; raises ConfigError with one sentence per problem and no value in it."""
    return checked(Settings, system, settings)
