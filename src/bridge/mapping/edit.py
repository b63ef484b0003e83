"""Small changes to YAML text that leave everything else as it stands: comments, order, quotes, layout.

The text is composed into nodes with positions; each change is a splice at such a position, made from the end of the
text to its beginning, so that the positions before it stay true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import yaml

from bridge.mapping.reading import Data
from bridge.mapping.source import dotted

_PLAIN: Final = re.compile(r"[A-Za-z_][\w.+>()/,-]*( [\w.+>()/,-]+)*")
_FLOW_MARKS: Final = frozenset(",[]{}")


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what happened to which entry."""

    kind: Literal["added", "changed", "removed"]
    where: str

    def __str__(self) -> str:
        return f"{self.kind} {self.where}"


@dataclass(frozen=True, slots=True)
class _Splice:
    start: int
    end: int
    text: str


def rewrite(text: str, current: Mapping[str, Data], wanted: Mapping[str, Data], changes: list[Change]) -> str:
    """The text with the entries of `current` (top-level keys) turned into those of `wanted`."""
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    if not isinstance(root, yaml.MappingNode):
        return text
    writer = _Writer(text, changes)
    for key, value in wanted.items():
        entry = next((pair for pair in root.value if pair[0].value == key), None)
        if entry is not None:
            writer.differ(entry, current.get(key, {}), value, (key,))
        elif value:
            writer.append(root, key, value, (key,))
    in_order = sorted(writer.splices, key=lambda one: (one.start, one.end))
    for splice in in_order[::-1]:
        text = text[: splice.start] + splice.text + text[splice.end :]
    return text


_Entry = tuple[yaml.Node, yaml.Node]


class _Writer:
    def __init__(self, text: str, changes: list[Change]) -> None:
        self.text = text
        self.changes = changes
        self.splices: list[_Splice] = []

    def differ(self, entry: _Entry, old: Data, new: Data, steps: tuple[str, ...]) -> None:
        """Splices that turn the value of an entry into `new`."""
        if old == new:
            return
        node = entry[1]
        if isinstance(node, yaml.MappingNode) and isinstance(old, dict) and isinstance(new, dict):
            kept = [number for number, (key_node, _) in enumerate(node.value) if key_node.value in new]
            if kept:  # else piece by piece would leave an empty shell behind
                self._mapping(node, kept, old, new, steps)
                return
        self._replace(entry, new)
        self.changes.append(Change("changed", dotted(steps)))

    def _replace(self, entry: _Entry, new: Data) -> None:
        key_node, node = entry
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            # block style begins on a line of its own: what takes its place stands behind the key
            behind = self.text.index(":", key_node.end_mark.index) + 1
            self.splices.append(_Splice(behind, self._end(node), f" {dump(new)}"))
        else:
            self.splices.append(_Splice(node.start_mark.index, self._end(node), dump(new)))

    def _mapping(
        self,
        node: yaml.MappingNode,
        kept: list[int],
        old: dict[str, Data],
        new: dict[str, Data],
        steps: tuple[str, ...],
    ) -> None:
        for number, entry in enumerate(node.value):
            key = str(entry[0].value)
            if number in kept:
                self.differ(entry, old[key], new[key], (*steps, key))
            else:
                self.changes.append(Change("removed", dotted((*steps, key))))
        self._remove(node, kept)
        for key in new:
            if key not in old:
                self.append(node, key, new[key], (*steps, key))

    def append(self, node: yaml.MappingNode, key: str, value: Data, steps: tuple[str, ...]) -> None:
        """A new entry at the end of a mapping that is not empty, in the mapping's own style."""
        entry = f"{dump(key)}: {dump(value)}"
        last = self._end(node.value[-1][1])
        if node.flow_style:
            self.splices.append(_Splice(last, last, f", {entry}"))
        else:
            at = self._end_of_line(last)
            indent = " " * node.start_mark.column
            self.splices.append(_Splice(at, at, f"\n{indent}{entry}"))
        self.changes.append(Change("added", dotted(steps)))

    def _remove(self, node: yaml.MappingNode, kept: list[int]) -> None:
        """Take out every entry that is not kept: whole lines in block style, with its comma in flow style."""
        for number, (key_node, value_node) in enumerate(node.value):
            if number in kept:
                continue
            start, end = key_node.start_mark.index, self._end(value_node)
            if not node.flow_style:
                line = self.text.rfind("\n", 0, start) + 1
                self.splices.append(_Splice(line, min(self._end_of_line(end) + 1, len(self.text)), ""))
            elif number < kept[-1]:
                self.splices.append(_Splice(start, node.value[number + 1][0].start_mark.index, ""))
        if node.flow_style and kept[-1] + 1 < len(node.value):
            self.splices.append(_Splice(self._end(node.value[kept[-1]][1]), self._end(node.value[-1][1]), ""))

    def _end(self, node: yaml.Node) -> int:
        """Where a node really ends: the end mark of block style lies behind the comments or line ends that follow."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        at = int(node.end_mark.index)
        while at > node.start_mark.index and self.text[at - 1] in " \n":
            at -= 1
        return at

    def _end_of_line(self, at: int) -> int:
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found


def dump(value: Data) -> str:
    """A value in flow style; text is quoted unless it is plainly a word or phrase."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{dump(key)}: {dump(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(dump(item) for item in value) + "]"
    plain = _PLAIN.fullmatch(value) and not _FLOW_MARKS.intersection(value)
    return value if plain else json.dumps(value, ensure_ascii=False)
