"""The settings of a system as its adapter understands them: checked by its own model, told without a value in them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bridge.ports.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], system: str, settings: Mapping[str, object]) -> Model:
    """The settings as the model. Raises ConfigError with one sentence per problem, each with its place and no value."""
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
    raise ConfigError([_sentence(model, system, problem) for problem in found])  # outside: the error holds the values


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
