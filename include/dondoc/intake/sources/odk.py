"""ODK Central over OData. `__id` of a submission stays; how often it was edited is its version.

The newest come first and the token of the next page is opaque, so a page is asked for as the server names it. What
comes while pages are read is in none of them: the next listing has it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from dondoc.intake.sources.rows import MOST, File, Row, moment, segment
from dondoc.intake.sources.survey_server import Line, Refused
from dondoc.mail.servers import Unusable

LISTED = 1_000  # rows of one answer
_ODD = "trả lời không đúng dạng của ODK Central; kiểm tra đúng địa chỉ máy chủ chưa"


class Odk:
    def __init__(self, line: Line) -> None:
        """Logs in. By a session: Basic is refused in clear (401.3), and costs the server a password check a question.

        Raises:
            Unusable: the server does not let us in.
        """
        self._line = line
        try:
            session = line.post("/v1/sessions", {"email": line.server.user, "password": line.server.password})
        except Refused as error:
            raise line.fault(f"không đăng nhập được: {error}") from None
        token = session.get("token")
        if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
            raise line.fault(_ODD)
        line.authorize(f"Bearer {token}")

    def listing(self, form: str) -> dict[str, str]:
        found, seen, count = dict[str, str](), set[str](), None
        path: str | None = f"{self._form(form)}.svc/Submissions"
        asked: Mapping[str, Any] | None = {"$select": "__id,__system", "$top": LISTED, "$count": "true"}
        while path:
            page, before = self._line.json(path, asked), len(seen)
            rows = self._rows(page)
            found |= {row["__id"]: _version(row) for row in rows if not _system(row).get("deletedAt")}
            seen |= {row["__id"] for row in rows}
            count = page.get("@odata.count") if count is None else count
            path, asked = self._next(page), None
            if path and len(seen) == before:
                raise self._line.fault("trả về mãi cùng một trang danh sách phiếu")
            if len(seen) > MOST:
                raise self._line.fault(f"có hơn {MOST} phiếu trong một biểu mẫu")
        if isinstance(count, int) and count > len(seen):
            raise self._line.fault("trả về danh sách phiếu không khớp với số phiếu mà chính nó nêu")
        return found

    def rows(self, form: str, ids: Iterable[str]) -> Iterator[Row]:
        for one in ids:
            path = f"{self._form(form)}.svc/Submissions('{segment(one)}')"
            try:
                rows = self._rows(self._line.json(path, {"$expand": "*"}))
            except Refused:
                continue  # deleted meanwhile, or to be missed by who asked for it
            yield from (self._row(form, row) for row in rows if row["__id"] == one)

    def file(self, file: File, most: int) -> bytes:
        return self._line.get(file.path, most=most)

    def look(self, form: str) -> None:
        self._line.json(f"{self._form(form)}.svc/Submissions", {"$top": 1})

    def close(self) -> None:
        with suppress(Refused, Unusable):  # the session ends by itself after a day
            self._line.delete("/v1/sessions/current")
        self._line.close()

    def _form(self, form: str) -> str:
        return f"/v1/projects/{self._line.server.project}/forms/{segment(form)}"

    def _rows(self, page: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = page.get("value")
        if not isinstance(rows, list) or not all(isinstance(r, dict) and isinstance(r.get("__id"), str) for r in rows):
            raise self._line.fault(_ODD)
        return rows

    def _next(self, page: Mapping[str, Any]) -> str | None:
        """The path of the next page. Central writes its own idea of its host before it, which may be another's."""
        link = page.get("@odata.nextLink")
        if not isinstance(link, str):
            return None
        try:
            parts = urlsplit(link)
        except ValueError:
            raise self._line.fault(_ODD) from None
        return f"/{parts.path.lstrip('/')}?{parts.query}"

    def _row(self, form: str, row: Mapping[str, Any]) -> Row:
        system = _system(row)
        return Row(
            id=row["__id"],
            version=_version(row),
            answers=row,
            at=moment(system.get("updatedAt")) or moment(system.get("submissionDate")),
            submitter=str(system.get("submitterName") or system.get("submitterId") or ""),
            files=tuple(self._files(form, row)) if system.get("attachmentsPresent") else (),
        )

    def _files(self, form: str, row: Mapping[str, Any]) -> Iterator[File]:
        """Attachments of the version that counts, as far as they have come.

        Raises:
            Unusable: the server names none, though it says that there are some.
        """
        meta, path = row.get("meta"), f"{self._form(form)}/submissions/{segment(row['__id'])}"
        version = meta.get("instanceID") if isinstance(meta, dict) else None
        if isinstance(version, str) and version != row["__id"]:
            path += f"/versions/{segment(version)}"
        try:
            listed = self._line.listed(f"{path}/attachments")
        except Refused as error:
            raise self._line.fault(f"không cho xem danh sách tệp đính kèm của một phiếu: {error}") from None
        for one in listed:
            if isinstance(one, dict) and one.get("exists") and isinstance(name := one.get("name"), str):
                yield File(name, f"{path}/attachments/{segment(name)}")


def _system(row: Mapping[str, Any]) -> Mapping[str, Any]:
    system = row.get("__system")
    return system if isinstance(system, dict) else {}


def _version(row: Mapping[str, Any]) -> str:
    return str(_system(row).get("edits") or 0)
