"""The contract, kept by files of each format."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.files.harness import CsvHarness, FilesHarness, JsonlHarness, XlsxHarness
from bridge.adapters.files import make
from bridge.testing.contract import AdapterContract


class TestCsv(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self, tmp_path: Path) -> FilesHarness:
        return CsvHarness(tmp_path)


class TestJsonl(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self, tmp_path: Path) -> FilesHarness:
        return JsonlHarness(tmp_path)


class TestXlsx(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self, tmp_path: Path) -> FilesHarness:
        return XlsxHarness(tmp_path)
