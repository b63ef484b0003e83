"""A folder with one file, and the hands of a person who works in it with an editor or a spreadsheet."""

from __future__ import annotations

import csv
import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from bridge.adapters.files import make
from bridge.ports.adapter import Adapter
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec
from bridge.testing.harness import SPECIALS, FaultKind, Features, Operation

SPEC = ObjectSpec(
    "customer",
    "customers",
    "bridge_id",
    (
        FieldSpec("name"),
        FieldSpec("note", type="longtext"),
        FieldSpec("employees", type="integer"),
        FieldSpec("credit", type="decimal"),
        FieldSpec("since", type="date"),
        FieldSpec("seen", type="datetime"),
        FieldSpec("active", type="boolean"),
        FieldSpec("tags", type="multichoice"),
    ),
    (Condition("kind", "=", "customer"),),
)
NAMES = ["id", "bridge_id", "kind", *(field.path for field in SPEC.fields)]
COLUMNS = {
    "name": {"type": "text", "length": "40"},
    "note": "text",
    "kind": "text",
    "employees": "integer",
    "credit": "number",
    "since": "date",
    "seen": "datetime",
    "active": "boolean",
    "tags": "list",
    "bridge_id": "text",
}
GERMAN = {
    "encoding": "utf-8",
    "delimiter": ";",
    "decimal": ",",
    "thousands": ".",
    "dates": ["DD.MM.YYYY"],
    "datetimes": ["DD.MM.YYYY hh:mm:ss"],
    "timezone": "Europe/Berlin",
    "true": ["ja"],
    "false": ["nein"],
    "separator": "|",
    "safe": "yes",
}


class FilesHarness:
    """One file of one format."""

    spec = SPEC
    secrets = ()

    def __init__(self, folder: Path, format_: str, **manner: Any) -> None:
        self.path = folder / f"customers.{format_}"
        self.features = Features(
            text="note", limited=("name", 40), outside=True, retry_after=None, specials=(*SPECIALS, "=1+1", "'=x")
        )
        self.settings = {
            "folder": str(folder),
            "format": format_,
            **manner,
            "files": {"customers": {"columns": COLUMNS}},
        }
        self.put([])

    def adapter(self) -> Adapter:
        return make("desk", self.settings)

    def stranger(self) -> None:
        return None

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        return {
            "name": f"Acme {n}",
            "note": f"note {n}",
            "employees": 1000 + n,
            "credit": f"{n + 1234}.5",
            "since": f"2026-01-{n % 28 + 1:02}",
            "seen": f"2026-07-{n % 28 + 1:02}T08:00:00Z",
            "active": n % 2 == 0,
            "tags": ["a", f"t{n}"],
        }

    def new_key(self) -> str:
        return uuid.uuid4().hex

    def user_insert(self, n: int, *, inside: bool = True) -> str:
        made = f"C{uuid.uuid4().hex[:6]}"
        own = {**self.sample(n), "id": made, "kind": "customer" if inside else "supplier"}
        self.put([*self.rows(), {name: self.typed(name, value) for name, value in own.items()}])
        return made

    def user_edit(self, native_id: str, text: str | None) -> None:
        rows = self.rows()
        (row,) = [row for row in rows if row["id"] == native_id]
        row["note"] = self.typed("note", text)
        self.put(rows)

    def user_delete(self, native_id: str) -> None:
        self.put([row for row in self.rows() if row["id"] != native_id])

    def insert_late(self, n: int, seconds: float) -> bool:
        return False

    def arm(self, fault: FaultKind, on: Operation = "read") -> bool:
        return False

    def freeze(self, on: bool) -> bool:
        return False

    def tick(self, seconds: float) -> None:
        time.sleep(0.002)

    def seen(self) -> int | None:
        return None

    def unprepare(self) -> bool:
        raise NotImplementedError

    def typed(self, name: str, value: NativeValue) -> Any:
        """A value as this kind of file holds it."""
        raise NotImplementedError

    def rows(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def put(self, rows: list[dict[str, Any]]) -> None:
        raise NotImplementedError


class CsvHarness(FilesHarness):
    """A text file as a German spreadsheet writes it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "csv", **GERMAN)

    def typed(self, name: str, value: NativeValue) -> Any:
        match name:
            case "credit":
                return f"{str(value)[0]}.{str(value)[1:].replace('.', ',')}"
            case "since":
                return ".".join(reversed(str(value).split("-")))
            case "seen":
                return f"{value[8:10]}.{value[5:7]}.{value[:4]} 10:00:00"
            case "active":
                return "ja" if value else "nein"
            case "tags":
                return "|".join(value)
        if isinstance(value, str) and value.lstrip("'")[:1] in ("=", "+", "-", "@"):
            return f"'{value}"
        return "" if value is None else str(value)

    def rows(self) -> list[dict[str, Any]]:
        with self.path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream, delimiter=";"))

    def put(self, rows: list[dict[str, Any]]) -> None:
        names = NAMES
        if self.path.exists():
            with self.path.open(encoding="utf-8", newline="") as stream:
                names = next(csv.reader(stream, delimiter=";"))
        with self.path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, names, delimiter=";", restval="")
            writer.writeheader()
            writer.writerows(rows)

    def unprepare(self) -> bool:
        names = [name for name in NAMES if name != "bridge_id"]
        self.path.write_text(";".join(names) + "\n", encoding="utf-8")
        return True


class JsonlHarness(FilesHarness):
    """One JSON object a line."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "jsonl")

    def typed(self, name: str, value: NativeValue) -> Any:
        return float(str(value)) if name == "credit" else value

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def put(self, rows: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        self.path.write_text(text, encoding="utf-8")

    def unprepare(self) -> bool:
        return False  # every name can be written to a line of JSON


class XlsxHarness(FilesHarness):
    """A workbook with numbers, dates and truths in its cells."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "xlsx")

    def typed(self, name: str, value: NativeValue) -> Any:
        match name:
            case "credit":
                return float(str(value))
            case "tags":
                return ";".join(value)
        return value

    def rows(self) -> list[dict[str, Any]]:
        head, *rows = load_workbook(self.path).active.iter_rows(values_only=True)
        return [dict(zip(head, row, strict=True)) for row in rows]

    def put(self, rows: list[dict[str, Any]], names: list[str] = NAMES) -> None:
        if self.path.exists() and names is NAMES:
            names = [cell.value for cell in next(load_workbook(self.path).active.iter_rows())]
        book = Workbook()
        book.active.append(names)
        for at, row in enumerate(rows, 2):
            for place, name in enumerate(names, 1):
                cell = book.active.cell(at, place)
                cell.value = row.get(name)
                if isinstance(cell.value, str):
                    cell.data_type = "s"
        book.save(self.path)

    def unprepare(self) -> bool:
        self.put([], [name for name in NAMES if name != "bridge_id"])
        return True
