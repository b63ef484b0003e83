"""What `bridge init --system NAME=ADAPTER` writes: a configuration and mapping files for these systems.

What each setting is called comes from the adapter's own model, what stands where in the system from its columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bridge.entrypoints.cli.output import WrongUsage
from bridge.mapping.load import parse_mapping
from bridge.mapping.reading import read_yaml
from bridge.mapping.source import suggest
from bridge.mapping.weave import entities_of, text_of, woven
from bridge.plugins import Plugin, columns_of, plugins
from bridge.ports.errors import ConfigError
from bridge.ports.kind import AdapterKind

_HEAD: Final = """\
# Which systems there are and how to reach them. Secrets are named, never written here:
#   {env: NAME}, {file: path relative to this file}, or {keyring: service/user}.
# `bridge check` tells for each system whether it answers and what is missing.
version: "1"
store: sqlite:///bridge.db          # one machine; for several: {env: BRIDGE_STORE} with a postgresql:// URL
mappings: mappings                  # folder with one file per entity

systems:
"""
_SYSTEM: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)=(\w+)")


def files_for(wanted: list[str]) -> dict[str, str]:
    """Place -> text, for systems written as NAME=ADAPTER. Raises WrongUsage, ConfigError."""
    kinds = _kinds(wanted)
    files = {"bridge.yaml": _HEAD + "".join(_system(name, *one) for name, one in kinds.items())}
    texts = {name: columns_of(kind) for name, (_, kind) in kinds.items()}
    mapped = {entity: [name for name in texts if entity in texts[name]] for entity in entities_of(texts)}
    adapters = {name: adapter for name, (adapter, _) in kinds.items()}
    for entity, systems in mapped.items():
        columns = {name: _column(texts[name][entity], f"{adapters[name]}: columns/{entity}.yaml") for name in systems}
        place = f"mappings/{entity}.yaml"
        text = text_of(woven(columns, mapped))
        emap, findings = parse_mapping(text, place, adapters)
        if emap is None:
            raise ConfigError([f"the columns of {', '.join(systems)} do not fit together: {one}" for one in findings])
        files[place] = text
    return files


def _kinds(wanted: list[str]) -> dict[str, tuple[str, AdapterKind]]:
    """System -> the name of its adapter, and its kind."""
    have = {plugin.name: plugin for plugin in plugins()}
    found: dict[str, tuple[str, AdapterKind]] = {}
    for said in wanted:
        parts = _SYSTEM.fullmatch(said)
        if parts is None:
            raise WrongUsage(f"--system {said}: write it as name=adapter, as in crm=salesforce")
        if parts[1] in found:
            raise WrongUsage(f"--system {said}: there is a system '{parts[1]}' already")
        found[parts[1]] = parts[2], _kind(parts[2], have)
    return found


def _kind(name: str, have: Mapping[str, Plugin]) -> AdapterKind:
    plugin = have.get(name)
    if plugin is None:
        raise WrongUsage(f"--system: there is no adapter '{name}'{suggest(name, have)} (installed: {', '.join(have)})")
    if plugin.kind is None:
        raise WrongUsage(f"--system: {plugin.problem}")
    return plugin.kind


def _column(text: str, file: str) -> dict[str, Any]:
    document = read_yaml(text, file)
    if not isinstance(document.data, dict):
        raise ConfigError([str(finding) for finding in document.findings])
    return dict(document.data)


def _system(name: str, adapter: str, kind: AdapterKind) -> str:
    """One system: what must be said, and what else can be."""
    fields = kind.settings.model_fields if kind.settings else {}
    lines = [f"  {name}:", f"    adapter: {adapter}"]
    for setting, field in fields.items():
        if field.is_required():
            lines.append(f"    {setting}: {_beginning(name, setting, field)}")
    may = {setting: field for setting, field in fields.items() if not field.is_required()}
    lines += [f"    # {setting}: {_reference(name, setting)}" for setting, field in may.items() if _is_secret(field)]
    if others := [setting for setting, field in may.items() if not _is_secret(field)]:
        lines.append(f"    # also: {', '.join(others)}")
    return "\n".join(lines) + "\n"


def _beginning(system: str, setting: str, field: FieldInfo) -> str:
    if _is_secret(field):
        return _reference(system, setting)
    return str((field.examples or ["fill in"])[0])


def _reference(system: str, setting: str) -> str:
    return f"{{env: {re.sub('[^A-Z0-9]', '_', f'{system}_{setting}'.upper())}}}"


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))
