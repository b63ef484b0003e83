"""The contract of what an adapter says of itself: its level, what it supports, where its facts come from."""

from __future__ import annotations

from typing import ClassVar

import pytest

from bridge.ports.errors import BridgeError
from bridge.ports.kind import AdapterKind
from bridge.testing.harness import Harness


class Declaring:
    """What `bridge adapters list` shows is so."""

    kind: ClassVar[AdapterKind | None]

    def _kind(self) -> AdapterKind:
        if self.kind is None:
            pytest.skip("the suite names no `kind`")
        return self.kind

    def test_support_is_as_declared(self, h: Harness) -> None:
        declared = self._kind().supports(h.spec.entity)
        assert declared is not None, f"the adapter declares nothing of the entity {h.spec.entity}"
        assert declared == declared.as_told_by(h.adapter().capabilities(h.spec)), "declared otherwise than told"

    def test_the_level_fits_the_support(self, h: Harness) -> None:
        kind = self._kind()
        for entity, support in kind.support.items():
            assert support.read != "unsupported", f"{entity}: what is not read cannot be kept in step"
            if kind.level == "reads":
                continue
            assert "unsupported" not in (support.create, support.update), f"{entity}: declared `{kind.level}`"
            assert kind.level == "writes" or support.delete != "unsupported", f"{entity}: declared `deletes`"

    def test_every_error_has_a_source(self, h: Harness) -> None:
        for row in self._kind().errors:
            assert issubclass(row.error, BridgeError), f"a row becomes {row.error.__name__}"
            assert row.words, "a row has no words for a person"
            assert len(row.source) > 5, f"where is it known from that a system {row.words}?"
