"""KoboToolbox, API v2. `_id` of a submission stays, `_uuid` is its version: an edit changes it and no time at all, so
that only a listing of all of them tells of an edit.

A page has at most 1,000, whatever is asked for, and pages by offset slip when rows come and go: pages go by `_id`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

from dondoc.intake.sources.rows import MOST, File, Row, moment, segment
from dondoc.intake.sources.survey_server import Line

LISTED, FETCHED = 1_000, 25  # rows of one answer
_ODD = "trả lời không đúng dạng của KoboToolbox; kiểm tra đúng địa chỉ máy chủ chưa"


class Kobo:
    def __init__(self, line: Line) -> None:
        line.authorize(f"Token {line.server.password}")
        self._line = line

    def listing(self, form: str) -> dict[str, str]:
        found, last, left = dict[str, str](), 0, 1
        while left:
            rows, left = self._page(form, {"_id": {"$gt": last}}, LISTED, fields=json.dumps(["_id", "_uuid"]))
            ids = [row["_id"] for row in rows]
            left -= len(ids)
            rising = all(one > before for one, before in zip(ids, [last, *ids], strict=False))
            if left < 0 or (left and not ids) or not rising:
                raise self._line.fault("trả về danh sách phiếu không khớp với số phiếu mà chính nó nêu")
            last = ids[-1] if ids else last
            found |= {str(row["_id"]): str(row.get("_uuid")) for row in rows}
            if len(found) > MOST:
                raise self._line.fault(f"có hơn {MOST} phiếu trong một biểu mẫu")
        return found

    def rows(self, form: str, ids: Iterable[str]) -> Iterator[Row]:
        numbers = [int(one) for one in ids]
        for start in range(0, len(numbers), FETCHED):
            some, more = {*numbers[start : start + FETCHED]}, True
            while more:
                rows, count = self._page(form, {"_id": {"$in": sorted(some)}}, FETCHED)
                asked = {row["_id"]: row for row in rows if row["_id"] in some}  # what else it says may never end
                yield from (self._row(form, row) for row in asked.values())
                some -= asked.keys()
                more = bool(asked and some) and count > len(rows)

    def file(self, file: File, most: int) -> bytes:
        return self._line.get(file.path, most=most)

    def look(self, form: str) -> None:
        self._page(form, {}, 1)

    def close(self) -> None:
        self._line.close()

    def _page(self, form: str, query: Mapping[str, Any], limit: int, **more: str) -> tuple[list[dict[str, Any]], int]:
        """Rows in the order of `_id`, and how many the query has in all."""
        asked = {"query": json.dumps(query), "sort": json.dumps({"_id": 1}), "limit": limit, **more}
        answer = self._line.json(f"/api/v2/assets/{segment(form)}/data.json", asked)
        rows, count = answer.get("results"), answer.get("count")
        if not (isinstance(rows, list) and _is_number(count)):
            raise self._line.fault(_ODD)
        if not all(isinstance(row, dict) and _is_number(row.get("_id")) for row in rows):
            raise self._line.fault(_ODD)
        return rows, count

    def _row(self, form: str, row: Mapping[str, Any]) -> Row:
        number = str(row["_id"])
        path = f"/api/v2/assets/{segment(form)}/data/{number}/attachments"
        listed = row.get("_attachments")
        files = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return Row(
            id=number,
            version=str(row.get("_uuid")),
            answers=row,
            at=moment(row.get("_submission_time")),
            submitter=str(row.get("_submitted_by") or ""),
            files=tuple(
                File(str(one.get("filename") or "tep"), f"{path}/{segment(str(one.get('uid') or one.get('id')))}/")
                for one in files
                if not one.get("is_deleted")
            ),
        )


def _is_number(value: Any) -> TypeGuard[int]:
    return type(value) is int and value >= 0
