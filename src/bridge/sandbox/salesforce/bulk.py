"""Bulk API 2.0, ingest: jobs of CSV rows that are inserted when the upload is declared complete.

Unkind where the real one is: the results are in no order, a job is "InProgress" when it is asked for first, a job of
which every row failed is "JobComplete", and rows that were not come to stand in a file of their own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.salesforce.errors import SalesforceError, not_found
from bridge.sandbox.salesforce.records import body_of
from bridge.sandbox.salesforce.store import Store
from bridge.sandbox.salesforce.writing import Writer

PREFIX = "750"
_MOST = 100_000_000


@dataclass(slots=True)
class _Job:
    id: str
    object: str
    state: str = "Open"
    text: str = ""
    good: list[dict[str, str]] = field(default_factory=list)
    bad: list[dict[str, str]] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)
    columns: Sequence[str] = ()


class Jobs:
    """The resources below jobs/ingest. skipped: so many rows of the next job are not come to."""

    def __init__(self, store: Store, writer: Writer, user: str, base: Callable[[], str]) -> None:
        self._store, self._writer, self._user, self._base = store, writer, user, base
        self._jobs: dict[str, _Job] = {}
        self.skipped = 0

    def answer(self, request: Request, rest: Sequence[str]) -> Response:
        """Answer a request. rest: the steps behind jobs/ingest."""
        if not rest:
            return self._open(request)
        job = self._jobs.get(rest[0])
        if job is None:
            raise not_found()
        if len(rest) == 1 and request.method == "GET":
            return self._told(job)
        if len(rest) == 1 and request.method == "PATCH":
            return self._close(job, body_of(request))
        if len(rest) == 2 and rest[1] == "batches" and request.method == "PUT":
            return self._upload(job, request)
        if len(rest) == 2 and request.method == "GET":
            return self._file(job, rest[1].lower())
        raise not_found()

    def _open(self, request: Request) -> Response:
        if request.method != "POST":
            raise not_found()
        body = body_of(request)
        definition = self._store.definition(str(body.get("object", "")))
        if definition is None:
            raise SalesforceError("INVALIDENTITY", f"InvalidEntity : Unable to find object: {body.get('object')}")
        if body.get("operation") != "insert" or body.get("contentType", "CSV") != "CSV":
            raise SalesforceError("INVALIDJOB", "InvalidJob : this sandbox takes the operation insert, as CSV")
        job = _Job(f"{PREFIX}{len(self._jobs) + 1:012}AAA", definition.name)
        self._jobs[job.id] = job
        return Response(200, self._shown(job))

    def _upload(self, job: _Job, request: Request) -> Response:
        if job.state != "Open":
            raise SalesforceError("INVALIDJOBSTATE", "Job is not open.")
        if not request.headers.get("Content-Type", "").startswith("text/csv"):
            raise SalesforceError("INVALIDCONTENTTYPE", "Content-Type must be text/csv", status=415)
        if len(request.body) > _MOST:
            raise SalesforceError("PAYLOAD_TOO_LARGE", "Payload too large", status=413)
        job.text = request.body.decode()
        return Response(201, b"", {"Content-Type": "application/json"})

    def _close(self, job: _Job, body: Mapping[str, Any]) -> Response:
        wanted = body.get("state")
        if wanted == "Aborted":
            job.state = "Aborted"
        elif wanted == "UploadComplete" and job.state == "Open":
            self._work(job)
            job.state = "UploadComplete"
        else:
            raise SalesforceError("INVALIDJOBSTATE", f"Job cannot become {wanted} from {job.state}.")
        return Response(200, self._shown(job))

    def _told(self, job: _Job) -> Response:
        following = {"UploadComplete": "InProgress", "InProgress": "JobComplete"}
        shown = self._shown(job, following.get(job.state, job.state))
        job.state = following.get(job.state, job.state)
        return Response(200, shown)

    def _work(self, job: _Job) -> None:
        definition = self._store.definition(job.object)
        reader = csv.DictReader(io.StringIO(job.text, newline=""))
        rows, job.columns = list(reader), list(reader.fieldnames or ())
        if definition is None:
            return
        skipped, self.skipped = rows[len(rows) - self.skipped :] if self.skipped else [], 0
        unknown = next((name for name in job.columns if definition.get(name) is None), None)
        for row in rows[: len(rows) - len(skipped)]:
            try:
                if unknown is not None:
                    raise SalesforceError("InvalidBatch", f"Field name not found : {unknown}")
                values = {name: None if value == "#N/A" else value for name, value in row.items() if value != ""}
                made = self._writer.insert(definition, values, by=self._user)
            except SalesforceError as error:
                said = f"{error.code}:{error.message}:{','.join(error.fields)} --"
                job.bad.append({"sf__Id": "", "sf__Error": said, **row})
            else:
                job.good.append({"sf__Id": made, "sf__Created": "true", **row})
        job.left.extend(skipped)

    def _file(self, job: _Job, name: str) -> Response:
        files = {
            "successfulresults": (["sf__Id", "sf__Created"], job.good),
            "failedresults": (["sf__Id", "sf__Error"], job.bad),
            "unprocessedrecords": ([], job.left),
        }
        if name not in files:
            raise not_found()
        first, rows = files[name]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, [*first, *job.columns], lineterminator="\n")
        writer.writeheader()
        writer.writerows(reversed(rows))
        return Response(200, text.getvalue().encode(), {"Content-Type": "text/csv"})

    def _shown(self, job: _Job, state: str | None = None) -> dict[str, Any]:
        return {
            "id": job.id,
            "operation": "insert",
            "object": job.object,
            "createdById": self._user,
            "state": state or job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self._base().rpartition("/v")[2]),
            "contentUrl": f"{self._base().lstrip('/')}/jobs/ingest/{job.id}/batches",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
            "numberRecordsProcessed": len(job.good) + len(job.bad),
            "numberRecordsFailed": len(job.bad),
        }
