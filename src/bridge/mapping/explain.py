"""Pydantic's complaints about a mapping file, as sentences for the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from bridge.mapping.deletes import DeletesSection
from bridge.mapping.file import (
    FIELD_OPTIONS,
    GROUP_OPTIONS,
    DefaultsSection,
    IdentitySection,
    MappingFile,
    MatchSection,
    RowsSection,
    SystemSection,
)
from bridge.mapping.reading import Data
from bridge.mapping.source import Finding, Source, Steps, suggest

_SHAPES: Final = frozenset({"string_type", "dict_type", "list_type", "model_type", "model_attributes_type"})


def explain(error: ValidationError, source: Source, data: Data) -> list[Finding]:
    """One finding for each place that is wrong, in the order of the file."""
    problems = [
        (_steps(problem["loc"], data, missing=problem["type"] == "missing"), problem)
        for problem in error.errors(include_url=False, include_input=False)
    ]
    found: dict[Steps, Finding] = {}
    for number, (steps, problem) in enumerate(problems):
        others = [inner for at, (inner, other) in enumerate(problems) if at != number and not _shape(other)]
        if _shape(problem) and any(inner[: len(steps)] == steps for inner in others):
            continue  # where several forms are allowed, pydantic complains of each: the one that nearly fits says more
        message, at_value = _message(problem, steps)
        found.setdefault(steps, source.finding("error", steps, message, at_value=at_value))
    return sorted(found.values(), key=lambda finding: (finding.line, finding.column))


def _shape(problem: Any) -> bool:
    """Whether the complaint is only that something has another form (a word, a list, entries)."""
    return str(problem["type"]) in _SHAPES


def _steps(loc: Iterable[str | int], data: Data, *, missing: bool) -> Steps:
    """The part of pydantic's location that the file has; it adds names of types to it where several are allowed."""
    steps: list[str | int] = []
    here: Any = data
    loc = list(loc)
    for number, step in enumerate(loc):
        inside = step in here if isinstance(here, dict) else isinstance(here, list) and step in range(len(here))
        if inside:
            here = here[step]
        if inside or (missing and number == len(loc) - 1):
            steps.append(step)
    return tuple(steps)


def _message(problem: Any, steps: Steps) -> tuple[str, bool]:
    kind = problem["type"]
    last = str(steps[-1]) if steps else ""
    context = problem.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known(steps[:-1])
        guess = suggest(last, known) or f" (known: {', '.join(known)})"
        return f"unknown word '{last}'{guess}", False
    if kind == "missing":
        return f"'{last}' is missing", False
    if kind == "literal_error":
        return f"expected {context.get('expected', 'another word')}", True
    if kind == "value_error":
        return str(context.get("error", problem["msg"])), True
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return "expected entries of the form name: value here", True
    if kind == "string_type":
        return "expected one word or phrase here", True
    if kind == "list_type":
        return "expected a list here, as [a, b]", True
    if kind in ("bool_parsing", "bool_type"):
        return "expected yes or no", True
    if kind == "too_short":
        return "it is empty", True
    return str(problem["msg"]), True


def _known(steps: Steps) -> list[str]:
    """The words that may stand at a place."""
    match steps:
        case ():
            model: Any = MappingFile
        case ("systems", _):
            model = SystemSection
        case ("systems", _, "deletes"):
            model = DeletesSection
        case ("identity",):
            return ["key", "match", "first contact"]
        case ("identity", "match", _):
            model = MatchSection
        case ("defaults",):
            model = DefaultsSection
        case ("groups", _):
            return list(GROUP_OPTIONS)
        case ("fields", _) | ("rows", _, "fields", _):
            return list(FIELD_OPTIONS)
        case ("rows", _):
            model = RowsSection
        case _:
            model = IdentitySection
    return list(model.model_fields)
