"""The contract of an adapter as tests: derive from AdapterContract and give it a fixture `h` (see `bridge.testing`)."""

from __future__ import annotations

from bridge.testing.faults import Answers, Discretion, LostAnswers
from bridge.testing.reading import Changes, Looking
from bridge.testing.schema import Describing, Preparing
from bridge.testing.writing import Creating, Deleting, Updating


class AdapterContract(
    Changes, Looking, Creating, Updating, Deleting, LostAnswers, Answers, Discretion, Describing, Preparing
):
    """Every promise of `bridge.ports.adapter`. Each test gets a harness of an empty, prepared system as `h`."""
