"""G1 to G4 where each system has its own way with deletes, and where one of them says that its deletes beat edits."""

from __future__ import annotations

from bridge.mapping.deletes import Deletes
from model.machine import SYSTEMS
from model.policies import POLICIES, PolicyMachine
from model.test_model import SETTINGS


class BeatingMachine(PolicyMachine):
    """Deletes made in crm count in any case; finance follows by deleting, the ERP by archiving."""

    deletes = {**POLICIES, "crm": Deletes("beat edits", "delete")}


class TestPolicies(PolicyMachine.TestCase):
    settings = SETTINGS


class TestBeating(BeatingMachine.TestCase):
    settings = SETTINGS


def test_every_policy_is_there() -> None:
    here = {one.here for machine in (PolicyMachine, BeatingMachine) for one in machine.deletes.values()}
    elsewhere = {one.elsewhere for machine in (PolicyMachine, BeatingMachine) for one in machine.deletes.values()}
    assert here == {"count", "restore", "beat edits"}
    assert elsewhere == {"unlink", "archive", "delete"}
    assert set(POLICIES) == set(SYSTEMS)
