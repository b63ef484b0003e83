"""A server that plays a tape back: as light as can be, so that its client is what is measured.

    python -m benchmarks.wire.canned TAPE

Prints one line of JSON: system -> port, and "control" -> port. GET /STEP on the control port winds to the beginning of
a step. Each system's calls are answered in the order of the tape; one that does not fit it is answered with 599.
"""

from __future__ import annotations

import asyncio
import json
import sys
from email.utils import formatdate
from pathlib import Path

from benchmarks.wire.tape import Call, Tape


class Player:
    """Where the tape stands, for each system."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.waiting: dict[str, list[Call]] = {}
        self.misses: list[str] = []

    def wind(self, step: str) -> None:
        """To the beginning of a step."""
        self.waiting = {}
        for call in reversed(self.tape.steps[step]):
            self.waiting.setdefault(call.system, []).append(call)

    def answer(self, system: str, method: str, target: str) -> bytes:
        """The next answer of a system."""
        waiting = self.waiting.get(system)
        if not waiting or (waiting[-1].method, path(waiting[-1].target)) != (method, path(target)):
            expected = f"{waiting[-1].method} {path(waiting[-1].target)}" if waiting else "nothing more"
            return whole(599, {}, f"{method} {path(target)} was not recorded here; the tape has {expected}".encode())
        call = waiting.pop()
        return whole(call.status, call.answered, call.answer)


def path(target: str) -> str:
    """Without what follows the question mark: there are moments in it."""
    return target.partition("?")[0]


def whole(status: int, headers: dict[str, str], body: bytes) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """One connection; system "" is the control port."""

    def __init__(self, player: Player, system: str) -> None:
        self.player, self.system = player, system
        self.heard = bytearray()
        self.length = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while self._one():
            pass

    def _one(self) -> bool:
        end = self.heard.find(b"\r\n\r\n")
        if end < 0:
            return False
        if self.length < 0:
            head = bytes(self.heard[:end]).lower()
            at = head.find(b"\r\ncontent-length:")
            self.length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.heard) < end + 4 + self.length:
            return False
        method, target, _ = bytes(self.heard[: self.heard.find(b"\r\n")]).decode().split(" ", 2)
        del self.heard[: end + 4 + self.length]
        self.length = -1
        if self.system:
            answer = self.player.answer(self.system, method, target)
        else:
            self.player.wind(target.strip("/"))
            answer = whole(200, {}, b"")
        self.transport.write(answer)  # type: ignore[attr-defined]
        return True


async def serve(tape: Tape) -> None:
    """Until the process is ended."""
    loop, player = asyncio.get_running_loop(), Player(tape)
    systems = {call.system for calls in tape.steps.values() for call in calls}
    ports = {}
    for system in ("", *sorted(systems)):
        server = await loop.create_server(lambda system=system: Connection(player, system), "127.0.0.1", 0)  # type: ignore[misc]
        ports[system or "control"] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Tape.load(Path(sys.argv[1]))))
