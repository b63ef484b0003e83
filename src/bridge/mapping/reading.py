"""YAML text -> plain data and positions. Every scalar is text.

YAML 1.1 turns `NO` into false, `012` into 10 and `12:30` into 750; here the model types the text instead. Anchors and
aliases are refused: one entry stands in one place, and a small file cannot unfold into a huge one.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import yaml

from bridge.mapping.source import Finding, Source, Steps

Data = str | list["Data"] | dict[str, "Data"]

_DEPTH: Final = 20
_LIBYAML: Final = getattr(yaml, "CBaseLoader", None)
_QUOTED: Final = re.compile(r" '(?!<)[^']{2,}'")
"""What PyYAML repeats of the file: of `password: *word` the word. Its own names of things stand in <>."""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as read: plain data (None if it cannot be read at all), where everything stands, what is wrong."""

    data: Data | None
    source: Source
    findings: tuple[Finding, ...]
    root: yaml.Node | None = None


def read_yaml(text: str, file: str) -> Document:
    """Read one YAML document. Broken YAML, repeated keys and aliases become findings."""
    try:
        root = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = _QUOTED.sub("", error.problem or "it cannot be read")
        return Document(None, Source(file), (Finding("error", file, line, column, "", f"broken YAML: {said}"),))
    except (yaml.YAMLError, RecursionError):
        said = "broken YAML: a character that YAML does not allow, or too deeply nested"
        return Document(None, Source(file), (Finding("error", file, 1, 1, "", said),))
    if root is None:
        return Document(None, Source(file), (Finding("error", file, 1, 1, "", "the file is empty"),))
    walk = _Walk(file)
    data = walk.visit(root, ())
    return Document(data, Source(file, walk.keys, walk.values), tuple(walk.findings), root)


def _compose(text: str) -> yaml.Node | None:
    """The tree of a YAML document, every scalar as text; None if there is none. Raises yaml.YAMLError.

    By libyaml where PyYAML has it: ten times as fast. What libyaml refuses is read once more without it, since the
    places and words of mistakes differ between the two. (So does the index of a mark behind a byte order mark: who
    edits a file by index reads it by PyYAML itself.)
    """
    if _LIBYAML is not None:
        with suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=_LIBYAML)
    return yaml.compose(text, Loader=yaml.BaseLoader)


class _Walk:
    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[Steps, tuple[int, int]] = {}
        self.values: dict[Steps, tuple[int, int]] = {}
        self.findings: list[Finding] = []
        self._seen: set[int] = set()

    def visit(self, node: yaml.Node, steps: Steps) -> Data:
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.keys.setdefault(steps, place)
        self.values[steps] = place
        if id(node) in self._seen:
            self._wrong(node, steps, "anchors and aliases are not used in mapping files; write it out")
            return ""
        self._seen.add(id(node))
        if len(steps) > _DEPTH:
            self._wrong(node, steps, "nested too deeply")
            return ""
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, steps)
        if isinstance(node, yaml.SequenceNode):
            return [self.visit(item, (*steps, number)) for number, item in enumerate(node.value)]
        return str(node.value)

    def _mapping(self, node: yaml.MappingNode, steps: Steps) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._wrong(key_node, steps, "a key must be a word")
                continue
            key = str(key_node.value)
            inner = (*steps, key)
            if key in found:
                first = self.keys[inner][0]
                self._wrong(key_node, inner, f"'{key}' stands here twice (first in line {first})")
                continue
            self.keys[inner] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            found[key] = self.visit(value_node, inner)
        return found

    def _wrong(self, node: yaml.Node, steps: Steps, message: str) -> None:
        mark = node.start_mark
        where = Source(self.file).finding("error", steps, message).where
        self.findings.append(Finding("error", self.file, mark.line + 1, mark.column + 1, where, message))
