"""Bulk API 2.0: thousands of new records as one job, for the calls of a few.

A job is opened, gets its rows as CSV, is closed, and is asked for until it is over. What became of each row stands in
three files, and all three are read: successful, failed, and unprocessed (which the org never came to). They are not in
the order of the rows; the key that each row carries says whose it is. A job that is "complete" may have failed in every
row.

Until the job is closed nothing is written, and a fault before that may be sent again. After it every fault leaves the
rows in doubt: they are looked up by their keys, and a row that is sent twice is refused by the key field.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bridge.adapters.salesforce.batches import Answer, Batch
from bridge.adapters.salesforce.client import Client, Json, encode
from bridge.adapters.salesforce.errors import Complaint
from bridge.ports.errors import BridgeError, InDoubt, Transient

JOBS = "jobs/ingest"
OVER = ("JobComplete", "Failed", "Aborted")
PATIENCE = 240.0
"""Seconds until a job counts as lost: less than the lease of the outbox entries that it carries."""
FIRST_LOOK, LONGEST = 0.5, 5.0
"""Seconds between two questions: the first, and what they grow to."""


class Bulk:
    """Creates records of one object by jobs. key: the field that holds the golden id."""

    def __init__(
        self,
        client: Client,
        object_: str,
        key: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._object, self._key = client, object_, key
        self._clock, self._sleep = clock, sleep

    def insert(self, drafts: Mapping[int, Json], batch: Batch) -> None:
        """Send new records and note an answer for each place. Raises where surely nothing was written."""
        job = self._upload(drafts)
        batch.started = True
        try:
            self._close(job)
            self._wait(job)
            answers = dict(self._results(job))
        except BridgeError as error:
            doubt = error if isinstance(error, InDoubt) else self._doubt("lost sight of a bulk job")
            batch.ended = doubt
            batch.fail(list(drafts), doubt)
            return
        missing = self._doubt("says nothing of a row of a bulk job")
        for place, draft in drafts.items():
            batch.answers[place] = answers.get(str(draft[self._key])) or Answer(error=missing)

    def _upload(self, drafts: Mapping[int, Json]) -> str:
        """Open a job and give it its rows. It does nothing before it is closed."""
        body = {
            "object": self._object,
            "operation": "insert",
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        try:
            opened = self._client.call("POST", JOBS, body=body)
            job = str(opened.get("id") or "") if isinstance(opened, dict) else ""
            if not job.isalnum():
                raise Transient("did not open a bulk job", system=self._client.system)
            self._client.upload(f"{JOBS}/{job}/batches", _as_csv(drafts.values()))
        except InDoubt:
            raise Transient("did not take the rows of a bulk job", system=self._client.system) from None
        return job

    def _close(self, job: str) -> None:
        self._client.call("PATCH", f"{JOBS}/{job}", body={"state": "UploadComplete"}, writing=True)

    def _wait(self, job: str) -> None:
        """Until the job is over. One that failed as a whole still has its files: what was written stands in them."""
        until, pause = self._clock() + PATIENCE, FIRST_LOOK
        while True:
            said = self._client.call("GET", f"{JOBS}/{job}")
            if isinstance(said, dict) and said.get("state") in OVER:
                return
            if self._clock() >= until:
                raise self._doubt("has not finished a bulk job in time")
            self._sleep(pause)
            pause = min(pause * 1.5, LONGEST)

    def _results(self, job: str) -> Iterator[tuple[str, Answer]]:
        """Key -> what became of the row."""
        for row in self._file(job, "unprocessedrecords"):
            never = Transient("did not come to this row of a bulk job", system=self._client.system)
            yield row.get(self._key, ""), Answer(error=never)
        for row in self._file(job, "failedResults"):
            yield row.get(self._key, ""), Answer(refused=(_complaint(row.get("sf__Error", "")),))
        for row in self._file(job, "successfulResults"):
            created = row.get("sf__Created", "true").lower() == "true"
            yield row.get(self._key, ""), Answer(row.get("sf__Id") or None, created)

    def _file(self, job: str, name: str) -> list[dict[str, str]]:
        text = self._client.text(f"{JOBS}/{job}/{name}")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def _doubt(self, words: str) -> InDoubt:
        return InDoubt(words, system=self._client.system)


def _as_csv(drafts: Any) -> str:
    """The rows; a column for every field that any of them has. An empty cell of a new record is an empty field."""
    rows = [{name: value for name, value in draft.items() if name != "attributes"} for draft in drafts]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _cell(value: Any) -> str:
    """As the CSV of a job writes it: true and false, decimals without exponent, texts as they are."""
    return value if isinstance(value, str) else "" if value is None else encode(value)


def _complaint(said: str) -> Complaint:
    """ "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --" as a row of a collection would say it."""
    code, _, rest = said.partition(":")
    text, _, names = rest.removesuffix("--").strip().rpartition(":")
    fields = tuple(name.strip() for name in names.split(",") if name.strip().isidentifier())
    return Complaint(code.strip() or "UNNAMED_REFUSAL", text, fields)
