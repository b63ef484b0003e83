"""From a folder of mapping files to compiled maps: the entry of this package."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bridge.canonical.custom import BadDeclaration, known_entities
from bridge.mapping.archive import ArchiveOf, no_archive
from bridge.mapping.build import Surroundings, build
from bridge.mapping.compiled import EntityMap
from bridge.mapping.explain import explain
from bridge.mapping.file import MappingFile
from bridge.mapping.pairs import Maker
from bridge.mapping.reading import read_yaml
from bridge.mapping.source import NOT_READABLE, NOT_UTF8, Finding, undecodable
from bridge.mapping.transforms import TRANSFORMS
from bridge.ports.errors import ConfigError

_WORDS_BELOW = 3
"""fields.phone.conflict: the words of a line stand on the third level."""

CustomFields = Mapping[str, Mapping[str, str]]
"""Entity -> own field -> type, as declared in the configuration: {"customer": {"x_segment": "text"}}."""


@dataclass(slots=True)
class Loaded:
    """What a folder holds: the maps that can be used, in the order of their names, and everything found on the way."""

    maps: dict[str, EntityMap] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == "error"]


def load_mappings(
    folder: Path,
    systems: Mapping[str, str],
    custom_fields: CustomFields | None = None,
    transforms: Mapping[str, Maker] | None = None,
    archive_of: ArchiveOf = no_archive,
) -> dict[str, EntityMap]:
    """Entity -> compiled map, for every *.yaml in the folder.

    systems: configured systems -> kind of adapter. transforms: a site's own, added to those that come with bridge.
    archive_of: kind of adapter -> how such a system archives a record.
    Raises ConfigError with every problem of every file.
    """
    loaded = check_mappings(folder, systems, custom_fields, transforms, archive_of)
    if loaded.errors:
        raise ConfigError([str(finding) for finding in loaded.errors])
    return loaded.maps


def check_mappings(
    folder: Path,
    systems: Mapping[str, str],
    custom_fields: CustomFields | None = None,
    transforms: Mapping[str, Maker] | None = None,
    archive_of: ArchiveOf = no_archive,
) -> Loaded:
    """As `load_mappings`, with all findings, warnings too, instead of an error."""
    loaded = Loaded()
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    if not files:
        loaded.findings.append(Finding("error", str(folder), 0, 0, "", "no mapping files (*.yaml) in this folder"))
    for path in files:
        name = f"{folder.name}/{path.name}" if folder.name else path.name
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            loaded.findings.append(Finding("error", name, *undecodable(error), "", NOT_UTF8))
            continue
        except OSError:
            loaded.findings.append(Finding("error", name, 0, 0, "", NOT_READABLE))
            continue
        emap, findings = parse_mapping(text, name, systems, custom_fields, transforms, archive_of)
        loaded.findings.extend(findings)
        if emap is None:
            continue
        if emap.entity in loaded.maps:
            message = f"'{emap.entity}' is mapped in {loaded.maps[emap.entity].source.file} already"
            loaded.findings.append(emap.source.finding("error", ("entity",), message))
        else:
            loaded.maps[emap.entity] = emap
    _check_dependencies(loaded)
    return loaded


def parse_mapping(
    text: str,
    file: str,
    systems: Mapping[str, str],
    custom_fields: CustomFields | None = None,
    transforms: Mapping[str, Maker] | None = None,
    archive_of: ArchiveOf = no_archive,
) -> tuple[EntityMap | None, list[Finding]]:
    """One mapping file from its text; None where findings stand in the way. Pure."""
    try:
        entities = known_entities(custom_fields or {})
    except BadDeclaration as error:
        return None, [Finding("error", "configuration", 0, 0, "custom fields", str(error))]
    document = read_yaml(text, file)
    findings = list(document.findings)
    if document.data is None:
        return None, findings
    try:
        parsed = MappingFile.model_validate(document.data)
    except ValidationError as error:
        findings += explain(error, document.source, document.data)
        rest = _without_wrong(document.data, error)
        if rest is None:
            return None, findings
        parsed = rest
    around = Surroundings(entities, systems, {**TRANSFORMS, **(transforms or {})}, archive_of)
    built = build(parsed, document.source, around)
    findings += built.findings
    return (None if any(finding.level == "error" for finding in findings) else built.emap), findings


def _without_wrong(data: object, error: ValidationError) -> MappingFile | None:
    """The file less the words that have the wrong form, so that the rest is looked at in the same go.

    None where more than single words of a line would have to go: what followed from that would only confuse.
    """
    rest = deepcopy(data)
    for problem in error.errors(include_input=False, include_url=False):
        at: Any = rest
        trail: list[tuple[dict[str, Any], str]] = []
        for step in problem["loc"]:
            if not isinstance(at, dict) or step not in at:
                break
            trail.append((at, str(step)))
            at = at[step]
        if len(trail) < _WORDS_BELOW:
            return None
        holder, step = trail[-1]
        del holder[step]
    try:
        return MappingFile.model_validate(rest)
    except ValidationError:
        return None


def compile_mapping(text: str, systems: Mapping[str, str], **options: Any) -> EntityMap:
    """One mapping from its text, or ConfigError: for tests and tools that hold a mapping in memory."""
    emap, findings = parse_mapping(text, options.pop("file", "<mapping>"), systems, **options)
    if emap is None:
        raise ConfigError([str(finding) for finding in findings if finding.level == "error"])
    return emap


def _check_dependencies(loaded: Loaded) -> None:
    """A reference leads to an entity that is mapped, in every system that has the reference."""
    if loaded.errors:
        return
    for emap in loaded.maps.values():
        for unit in emap.record_units:
            assert unit.record_ref is not None
            target = loaded.maps.get(unit.record_ref.entity)
            for system in unit.columns:
                if target is None or system not in target.systems:
                    what = f"'{unit.record_ref.entity}' is not mapped for '{system}': nothing can be found there"
                    loaded.findings.append(emap.source.finding("error", ("fields", unit.name, system), what))
