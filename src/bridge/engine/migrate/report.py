"""The report of a migration as plain values, signed off with a hash over its canonical JSON. Pure.

Canonical JSON: UTF-8, keys sorted, no blanks, as orjson writes it with sorted keys. The hash is over the document
without its own entry `sha256`: a figure changed by hand is found out; who wants to prove more keeps the hash elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import orjson

KIND: Final = "bridge migration report"
STAGES: Final = ("profile", "match", "plan", "load", "verify", "report")
"""The stages in their order."""


def signed(body: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its hash."""
    plain = {key: value for key, value in body.items() if key != "sha256"}
    return {**plain, "sha256": digest(plain)}


def digest(body: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON, as hex."""
    plain = {key: value for key, value in body.items() if key != "sha256"}
    return sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def genuine(document: Mapping[str, Any]) -> bool:
    """Whether the document is as it was signed."""
    return document.get("kind") == KIND and document.get("sha256") == digest(document)


def body(state: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The report on what the stages found. at: when it is made, ISO."""
    stages = state["stages"]
    verified = stages.get("verify", {}).get("entities", {})
    return {
        "kind": KIND,
        "version": 1,
        "run": state["run"],
        "from": state["source"],
        "to": state["target"],
        "began": state["began"],
        "made": at,
        "confirmed": state.get("confirmed", ""),
        "entities": [_entity(entity, stages) for entity in state["entities"]],
        "forecast": stages.get("plan", {}).get("forecast", []),
        "full": bool(stages.get("verify", {}).get("full")),
        "ok": bool(verified) and all(clean(one) for one in verified.values()),
        "wrong": sum(one["wrong"] for one in verified.values()),
        "unread": sum(sum(one["unread"].values()) for one in verified.values()),
        "bad": sum(sum(one.get("bad", {}).values()) for one in verified.values()),
        "missing": sum(sum(one["missing"].values()) for one in verified.values()),
        "stages": {name: stages[name]["at"] for name in STAGES if name in stages},
    }


def clean(verified: Mapping[str, Any]) -> bool:
    """Whether all of an entity has arrived, and shows what was agreed."""
    return bool(verified["ok"]) and not (verified["missing"] or verified["unread"] or verified.get("bad"))


def _entity(entity: str, stages: Mapping[str, Any]) -> dict[str, Any]:
    def of(stage: str) -> dict[str, Any]:
        return dict(stages.get(stage, {}).get("entities", {}).get(entity, {}))

    return {
        "entity": entity,
        "profile": of("profile"),
        "match": of("match"),
        "plan": {key: value for key, value in of("plan").items() if key != "named"},
        "load": of("load"),
        "verify": of("verify"),
    }
