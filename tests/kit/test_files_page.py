"""docs/how-to/files.md, word by word (see `test_tutorial`)."""

from __future__ import annotations

import pytest

from kit.test_tutorial import PAGE, Reader, do_as_it_says, reader

__all__ = ["reader"]
FILES = PAGE.with_name("files.md")


@pytest.mark.timeout(1800)
def test_the_page_on_files_word_by_word(reader: Reader) -> None:
    assert do_as_it_says(reader, FILES) >= 8


def test_the_page_on_files_is_led_to() -> None:
    readme = (PAGE.parents[2] / "README.md").read_text(encoding="utf-8")
    assert "(docs/how-to/files.md)" in readme
