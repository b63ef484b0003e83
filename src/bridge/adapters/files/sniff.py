"""What a text file does not say of itself: its encoding and what stands between its cells. Pure."""

from __future__ import annotations

from typing import Final

from charset_normalizer import from_bytes

SAMPLE: Final = 256 * 1024
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DELIMITERS: Final = (",", ";", "\t", "|")


def encoding_of(sample: bytes, *, whole: bool) -> str:
    """The encoding of a file by its first bytes. A few lines that are wrong do not make another file of it.

    whole: whether the sample is all of the file; else its last line may be cut.
    """
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    lines = sample.split(b"\n")
    if not whole and len(lines) > 1:
        lines.pop()
    foreign = [line for line in lines if not line.isascii()]
    if not foreign or 2 * sum(_is_utf8(line) for line in foreign) >= len(foreign):
        return "utf-8"
    best = from_bytes(b"\n".join(foreign[:200]), cp_isolation=["cp1252", "cp1250", "cp1251", "cp1253", "cp932"]).best()
    return best.encoding if best is not None else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(lines: list[str], quote: str) -> str:
    """What stands between cells: the sign that makes most cells of the header, and as many of the lines below."""
    counts = {sign: [_cells(line, sign, quote) for line in lines] for sign in _DELIMITERS}

    def fitness(sign: str) -> tuple[int, int]:
        head, *rest = counts[sign] or [0]
        return (rest.count(head) if head else -1, head)

    return max(_DELIMITERS, key=fitness)


def _cells(line: str, sign: str, quote: str) -> int:
    return sum(part.count(sign) for part in line.split(quote)[::2])
