"""HTML notes as plain text and back. What is read is text; scripts, styles and attributes never come through."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Final

_PARAGRAPHS: Final = frozenset(
    {"p", "div", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
)
_LINES: Final = frozenset({"br", "li", "tr"})
_UNSEEN: Final = frozenset({"script", "style", "head", "title"})
_GAPS: Final = re.compile(r"\n{3,}")
_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        self._gap(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag in _PARAGRAPHS:
            self._gap(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._gap(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(_BLANKS.sub(" ", data))

    def _gap(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.pieces.append("\n\n")
        elif tag in _LINES:
            self.pieces.append("\n")


def html_to_text(markup: str) -> str | None:
    """The text of an HTML fragment: a paragraph is followed by a blank line, a line break by a line end."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = (line.strip() for line in "".join(reader.pieces).split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip() or None


def text_to_html(text: str) -> str:
    """Plain text as HTML paragraphs; everything in it is escaped."""
    paragraphs = _GAPS.sub("\n\n", text).split("\n\n")
    return "".join(f"<p>{escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in paragraphs)
