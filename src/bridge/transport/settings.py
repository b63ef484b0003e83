"""The settings of a system as its adapter understands them: checked by its own model, told without a value in them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from bridge.ports.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], system: str, settings: Mapping[str, object]) -> Model:
    """The settings as the model. Raises ConfigError with one sentence per problem, each with its place and no value."""
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
    raise ConfigError([_sentence(model, system, problem) for problem in found])  # outside: the error holds the values


class SystemSettings(BaseModel):
    """What the settings of all systems have in common: no unknown words, no change, and no copy in a pickle, which
    would hold every secret in plain."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __getstate__(self) -> NoReturn:
        raise TypeError("settings hold secrets and are not pickled")


def address(url: str, like: str) -> str:
    """The address of a server without a trailing slash: https, nothing but host and port.

    like: an example for the message. Raises ValueError without a part of the address: a password may stand in it, also
    where nobody looks for one ("https://user:pass/word@host" has the port "pass").
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # its text quotes the host, or what was taken for the host
        parts, host = urlsplit(""), None
    if parts.username or parts.password:
        raise ValueError("holds credentials; name them in settings of their own")
    if parts.scheme not in ("https", "http") or not host:
        raise ValueError(f"is not an address like {like}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https:// (http is allowed for this machine only)")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be the address alone, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: there, and only there, no TLS is asked for."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _sentence(model: type[BaseModel], system: str, problem: Mapping[str, Any]) -> str:
    steps = [str(step) for step in problem["loc"]]
    where = ".".join(["systems", system, *steps])
    if problem["type"] == "missing":
        return f"{where}: is needed."
    if problem["type"] == "extra_forbidden":
        known = list(model.model_fields) if len(steps) == 1 else []
        near = get_close_matches(steps[-1], known, n=1)
        meant = f", did you mean '{near[0]}'?" if near else ""
        listed = f" (there are: {', '.join(known)})." if known else "." if not meant else ""
        return f"{where}: there is no such setting{meant}{listed}"
    words = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where}: {words[:1].lower()}{words[1:]}."
