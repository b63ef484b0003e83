"""One worker of one queue: it works off what is there, and tells how long that took from its first job to its last.

    python -m benchmarks.peers.work KIND URL JOBS STEP

STEP: "put" fills the queue, "work" empties it. Prints a line of JSON: {"seconds": ...}.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

AT_ONCE = 1_000


class Count:
    """Counts jobs that were done; with the last it tells how long they took, and ends the worker."""

    def __init__(self, jobs: int, end: Callable[[], object]) -> None:
        self.jobs, self.end = jobs, end
        self.done, self.begun = 0, 0.0

    def __call__(self) -> None:
        if not self.done:
            self.begun = time.perf_counter()
        self.done += 1
        if self.done == self.jobs:
            said = json.dumps({"seconds": time.perf_counter() - self.begun})
            print(said, file=sys.__stdout__, flush=True)  # celery takes the other for its log
            self.end()


def procrastinate(url: str, jobs: int, step: str, concurrency: int) -> None:
    """Jobs in PostgreSQL, fetched one at a time; several run at once, as its documentation advises for such as wait."""
    from procrastinate import App, PsycopgConnector

    app, count = App(connector=PsycopgConnector(conninfo=url)), Count(jobs, lambda: None)

    @app.task(name="nothing")
    async def nothing(number: int) -> None:
        count()

    if step == "work":
        app.run_worker(wait=False, concurrency=concurrency, install_signal_handlers=False, listen_notify=False)
        return
    from procrastinate import SyncPsycopgConnector

    with app.replace_connector(SyncPsycopgConnector(conninfo=url)) as filling, filling.open():
        filling.schema_manager.apply_schema()
        for start in range(0, jobs, AT_ONCE):
            filling.tasks["nothing"].batch_defer(*({"number": n} for n in range(start, min(start + AT_ONCE, jobs))))


def huey(url: str, jobs: int, step: str) -> None:
    """Jobs in SQLite or PostgreSQL, worked off by one thread of its consumer."""
    from huey import PostgresHuey, SqliteHuey

    made = SqliteHuey(filename=url) if "://" not in url else PostgresHuey(dsn=url)
    count = Count(jobs, lambda: os.kill(os.getpid(), signal.SIGINT))

    @made.task(name="nothing")
    def nothing(number: int) -> None:
        count()

    if step == "work":
        logging.disable(logging.INFO)
        made.create_consumer(workers=1, worker_type="thread", periodic=False).run()
    else:
        for number in range(jobs):
            nothing(number)


def celery(url: str, jobs: int, step: str) -> None:
    """Jobs by kombu's transport over a database, or in files, since there is no broker here; one process takes them."""
    from celery import Celery

    files = not url.startswith("sqla+")
    app, count = Celery("peers", broker="filesystem://" if files else url), Count(jobs, lambda: os._exit(0))
    app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)
    if files:
        for name in ("queue", "control"):
            (Path(url) / name).mkdir(parents=True, exist_ok=True)
        place = {
            "data_folder_in": f"{url}/queue",
            "data_folder_out": f"{url}/queue",
            "control_folder": f"{url}/control",
        }
        app.conf.broker_transport_options = place

    @app.task(name="nothing")
    def nothing(number: int) -> None:
        count()

    if step == "work":
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR")
        app.worker_main(["worker", "--pool=solo", "--concurrency=1", *quiet])
    else:
        with app.producer_pool.acquire(block=True) as producer:
            for number in range(jobs):
                nothing.apply_async((number,), producer=producer)


KINDS: dict[str, Callable[[str, int, str], Any]] = {
    "procrastinate": lambda url, jobs, step: procrastinate(url, jobs, step, 1),
    "procrastinate 20": lambda url, jobs, step: procrastinate(url, jobs, step, 20),
    "huey": huey,
    "celery": celery,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]](sys.argv[2], int(sys.argv[3]), sys.argv[4])
