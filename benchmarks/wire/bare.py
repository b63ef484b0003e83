"""The bare wire: the calls of a tape, made by requests, their answers decoded and thrown away.

    python -m benchmarks.wire.bare TAPE PORTS

PORTS: what the server printed. Prints one line of JSON: step -> seconds of processor time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import process_time

import requests

from benchmarks.wire.tape import Tape


def main(tape: Tape, ports: dict[str, int]) -> dict[str, float]:
    """Make all calls, step by step."""
    spent: dict[str, float] = {}
    control = f"http://127.0.0.1:{ports['control']}"
    for step, calls in tape.steps.items():
        requests.get(f"{control}/{step}", timeout=60)
        session = requests.Session()
        begun = process_time()
        for call in calls:
            url = f"http://127.0.0.1:{ports[call.system]}{call.target}"
            headers = {name: value for name, value in call.headers.items() if name != "Content-Length"}
            answer = session.request(call.method, url, headers=headers, data=call.body or None, timeout=60)
            assert answer.status_code == call.status, answer.text
            if "json" in answer.headers.get("Content-Type", ""):
                answer.json()
        spent[step] = process_time() - begun
    return spent


if __name__ == "__main__":
    print(json.dumps(main(Tape.load(Path(sys.argv[1])), json.loads(sys.argv[2]))))
