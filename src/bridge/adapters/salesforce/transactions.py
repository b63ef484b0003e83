"""Calls that are done as a whole or not at all: how many fit into one, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bridge.adapters.salesforce.batches import Answer
from bridge.adapters.salesforce.client import Json
from bridge.adapters.salesforce.errors import Complaint, complaints

GRAPHS = 75
"""Graphs in one call; the call as a whole holds at most `NODES` (reference: composite graph limits)."""
NODES = 500

_HALTED = frozenset({"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"})


def filled(graphs: Mapping[int, list[Json]]) -> list[dict[int, list[Json]]]:
    """Calls filled as far as the limits go."""
    calls: list[dict[int, list[Json]]] = []
    nodes = NODES
    for place, steps in graphs.items():
        if not calls or len(calls[-1]) >= GRAPHS or nodes + len(steps) > NODES:
            calls.append({})
            nodes = 0
        calls[-1][place] = steps
        nodes += len(steps)
    return calls


def outcome_of(responses: Sequence[Json]) -> Answer:
    """What became of one transaction: the id of its first record, or why nothing of it was done."""
    refused = [one for one in responses if int(one["httpStatusCode"]) >= 400]
    if not refused:
        body = responses[0].get("body")
        return Answer(str(body["id"]) if isinstance(body, Mapping) and body.get("id") else None, True)
    said = [complaint for one in refused for complaint in complaints(one.get("body"))]
    causes = tuple(complaint for complaint in said if complaint.code not in _HALTED)
    return Answer(refused=causes or (Complaint("UNNAMED_REFUSAL"),))
