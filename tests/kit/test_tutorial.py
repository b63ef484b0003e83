"""docs/how-to/write-an-adapter.md, word by word: its files are written, its commands run, its outputs looked for.

A block says what it is: `sh` is run (`sh fails`: it has to fail), `LANGUAGE file=PATH` is written, `append=PATH` is put
behind what is there, and each line of `text` has to be in what the commands before it said. Only the port is another.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.fresh import Fresh, make_fresh

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-an-adapter.md"
PORT = "8010"
BLOCK = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the page."""

    kind: str
    option: str
    text: str

    def place(self, word: str) -> str | None:
        """What is said behind `word=`."""
        return self.option.removeprefix(f"{word}=") if self.option.startswith(f"{word}=") else None


def blocks(page: Path = PAGE) -> list[Block]:
    return [Block(kind, option.strip(), text) for kind, option, text in BLOCK.findall(page.read_text(encoding="utf-8"))]


class Reader:
    """Somebody who does what the page says: one terminal, and one more for what goes on running."""

    def __init__(self, fresh: Fresh, folder: Path) -> None:
        self.fresh, self.folder = fresh, folder
        self.port = PORT
        self.script: list[str] = []
        self.servers: list[subprocess.Popen[str]] = []

    def serve(self, line: str) -> None:
        """Start what goes on running; it takes a free port and says which."""
        words = line.replace(f"--port {PORT}", "--port 0").split()
        server = subprocess.Popen(
            words, cwd=self.folder, env=self.fresh.environment(), stdout=subprocess.PIPE, text=True
        )
        self.servers.append(server)
        assert server.stdout
        self.port = server.stdout.readline().strip().rsplit(":", 1)[1]

    def write(self, name: str, text: str, *, append: bool) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8").rstrip("\n") + "\n\n\n" if append else ""
        path.write_text(before + text.replace(PORT, self.port), encoding="utf-8")

    def run(self, text: str, *, fails: bool) -> str:
        """Run commands where the ones before have left off: their folder and what they exported stay."""
        script = "\n".join([*self.script, "set -e", "exec 2>&1", text])
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env={**self.fresh.environment(), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert (done.returncode != 0) is fails, f"{text}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
        self.script += [line for line in text.splitlines() if line.startswith(("cd ", "export "))]
        return done.stdout


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    folder = tmp_path / "work"
    folder.mkdir()
    made = Reader(make_fresh(tmp_path / "venv"), folder)
    yield made
    for server in made.servers:
        server.kill()
        server.communicate()


def plain(text: str) -> str:
    return " ".join(text.split())


def do_as_it_says(reader: Reader, page: Path) -> int:
    """Carry out a page. How many lines of output were looked for."""
    said, looked_for = "", 0
    for block in blocks(page):
        if block.kind == "sh" and block.text.startswith("bridge sandbox"):
            reader.serve(block.text.strip())
        elif block.kind == "sh":
            said = reader.run(block.text, fails=block.option == "fails")
        elif block.kind == "text":
            for line in block.text.splitlines():
                assert plain(line) in plain(said), f"not said: {line}\n{said}"
                looked_for += 1
        elif name := block.place("file"):
            reader.write(name, block.text, append=False)
        elif name := block.place("append"):
            reader.write(name, block.text, append=True)
        else:
            raise AssertionError(f"a block that nobody carries out: {block.kind} {block.option}")
    return looked_for


@pytest.mark.timeout(1800)
def test_the_page_word_by_word(reader: Reader) -> None:
    assert do_as_it_says(reader, PAGE) >= 10
    assert len(reader.servers) == 1


def test_the_page_is_led_to() -> None:
    readme = (PAGE.parents[2] / "README.md").read_text(encoding="utf-8")
    assert "(docs/how-to/write-an-adapter.md)" in readme
