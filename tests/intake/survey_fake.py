"""A fake of KoboToolbox (API v2) and of ODK Central, over real HTTP on loopback, as far as gathering asks them.

Built from answers of a real ODK Central 2026.2 and from the source of Kobo: pages smaller than asked, newest first and
an opaque token (ODK), a `count`, no Basic in clear (401.3), and what a test makes it do wrong.
"""

import base64
import json
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

TOKEN, USER, PASSWORD, SESSION = "t0ken-bi-mat", "ioc@co-quan.test", "mat khau%/", "s3ssion-bi-mat"
FORM = "form_03"
Trouble = Callable[["Talk"], bool]  # True: it has answered


class Fake:
    """`page`: rows of one answer at most; `troubles`: asked before each answer, first to last."""

    def __init__(self, kind: str, context: ssl.SSLContext | None = None, page: int = 2) -> None:
        self.kind, self.page = kind, page
        self.rows: dict[str, dict[str, Any]] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.troubles: list[Trouble] = []
        self.asked: list[str] = []
        self.logins: list[str] = []
        self.secure = context is not None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Talk", (Talk,), {"fake": self}))
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, host: str = "127.0.0.1", form: str = FORM) -> str:
        scheme = f"{self.kind}+{'https' if self.secure else 'http'}"
        if self.kind == "kobo":
            return f"{scheme}://:{TOKEN}@{host}:{self.port}/{form}"
        return f"{scheme}://{quote(USER)}:{quote(PASSWORD, '')}@{host}:{self.port}/3/{form}"

    # -- what people do there

    def submit(self, answers: dict[str, Any], **files: bytes) -> str:
        number = len(self.rows) + 1
        at = datetime(2021, 11, 18, 6, number % 60, tzinfo=UTC)
        if self.kind == "kobo":
            key, row = (
                str(number),
                {"_id": number, "_uuid": f"u{number}-1", "_submission_time": f"{at:%Y-%m-%dT%H:%M:%S}"},
            )
            row["_submitted_by"] = None
            row["_attachments"] = [
                {"uid": f"att{n}", "filename": f"khach/attachments/{name}", "mimetype": "application/octet-stream"}
                for n, name in enumerate(files)
            ]
            self.files |= {(key, f"att{n}"): content for n, content in enumerate(files.values())}
        else:
            key = f"uuid:{number}"
            row = {"__id": key, "meta": {"instanceID": key}}
            row["__system"] = {
                "submissionDate": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
                "updatedAt": None,
                "edits": 0,
                "deletedAt": None,
                "submitterName": "Khách",
                "attachmentsPresent": len(files),
            }
            self.files |= {(key, name): content for name, content in files.items()}
        self.rows[key] = row | answers
        return key

    def edit(self, key: str, **answers: Any) -> None:
        row = dict(self.rows[key]) | answers
        if self.kind == "kobo":
            row["_uuid"] = f"{row['_uuid']}e"
        else:
            system = row["__system"]
            row["__system"] = {**system, "edits": system["edits"] + 1, "updatedAt": "2021-11-18T06:59:00.000Z"}
            row["meta"] = {"instanceID": f"{key}-{system['edits'] + 1}"}
        self.rows[key] = row

    # -- what goes wrong there

    def once(self, part: str, trouble: Trouble, times: int = 1, after: int = 0) -> None:
        """At the next questions whose address has a part, this instead of the answer."""
        left, passed = [times], [after]

        def at(talk: "Talk") -> bool:
            if part not in unquote(talk.path) or not left[0]:
                return False
            if passed[0]:
                passed[0] -= 1
                return False
            left[0] -= 1
            return trouble(talk)

        self.troubles.append(at)


def status(code: int, **headers: str) -> Trouble:
    def say(talk: "Talk") -> bool:
        talk.say(code, b"{}", **{name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return say


def cut(talk: "Talk") -> bool:
    """Half an answer, and the end."""
    talk.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"count": 2, "val')
    talk.close_connection = True
    return True


def drip(talk: "Talk") -> bool:
    """A byte now and then, and no head of an answer."""
    with suppress(OSError):
        for _ in range(40):
            talk.wfile.write(b"H")
            talk.wfile.flush()
            time.sleep(0.05)
    talk.close_connection = True
    return True


def flood(talk: "Talk") -> bool:
    """An answer without end."""
    talk.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    with suppress(OSError):
        for _ in range(100):
            talk.wfile.write(b" " * 100_000)
    talk.close_connection = True
    return True


class Talk(BaseHTTPRequestHandler):
    fake: Fake

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.fake.asked.append(f"{self.command} {unquote(self.path)}")
        self.fake.logins.append(self.headers.get("Authorization") or "")
        if any(trouble(self) for trouble in self.fake.troubles):
            return
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        (self._kobo if self.fake.kind == "kobo" else self._odk)(unquote(parts.path), query)

    def say(self, code: int, content: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _json(self, value: Any, code: int = 200) -> None:
        self.say(code, json.dumps(value).encode(), **{"Content-Type": "application/json"})

    def _file(self, key: str, name: str) -> None:
        content = self.fake.files.get((key, name))
        self.say(404, b"{}") if content is None else self.say(200, content)

    def _kobo(self, path: str, query: dict[str, str]) -> None:
        data = f"/api/v2/assets/{FORM}/data"
        if self.headers.get("Authorization") != f"Token {TOKEN}":
            return self._json({"detail": "Invalid token."}, 401)
        if path.startswith(f"{data}/"):
            key, _, name = path.removeprefix(f"{data}/").strip("/").split("/")
            return self._file(key, name)
        if path != f"{data}.json":
            return self._json({"detail": "Not found."}, 404)
        wanted = json.loads(query.get("query", "{}")).get("_id", {})
        rows = [
            row
            for row in sorted(self.fake.rows.values(), key=lambda row: row["_id"])
            if row["_id"] > wanted.get("$gt", 0) and row["_id"] in wanted.get("$in", [row["_id"]])
        ]
        fields = json.loads(query.get("fields", "null"))
        start, limit = int(query.get("start", 0)), min(int(query.get("limit", 100)), self.fake.page)
        some = [{k: v for k, v in row.items() if not fields or k in fields} for row in rows[start : start + limit]]
        more = f"{data}.json?start={start + limit}" if len(rows) > start + limit else None
        return self._json({"count": len(rows), "next": more, "previous": None, "results": some})

    def _odk(self, path: str, query: dict[str, str]) -> None:
        form = f"/v1/projects/3/forms/{FORM}"
        if path == "/v1/sessions":
            good = json.loads(self.body) == {"email": USER, "password": PASSWORD}
            wrong = {"code": 401.2, "message": "Could not authenticate with the provided credentials."}
            return self._json({"token": SESSION} if good else wrong, 200 if good else 401)
        login = self.headers.get("Authorization") or ""
        if login.startswith("Basic ") and not self.fake.secure:
            wrong = {"code": 401.3, "message": "Basic auth can only be used over HTTPS connections."}
            return self._json(wrong, 401)
        if login != f"Bearer {SESSION}":
            return self._json({"code": 401.2}, 401)
        if path == "/v1/sessions/current":
            return self._json({"success": True})
        if path == f"{form}.svc/Submissions":
            return self._page(query)
        if path.startswith(f"{form}.svc/Submissions('"):
            row = self.fake.rows.get(path.removeprefix(f"{form}.svc/Submissions('").removesuffix("')"))
            return self._json({"value": [row]}) if row else self._json({"code": 404.1}, 404)
        if path.startswith(f"{form}/submissions/"):
            key, *rest = path.removeprefix(f"{form}/submissions/").split("/")
            if rest[0] == "versions":
                rest = rest[2:]
            if len(rest) == 2:
                return self._file(key, rest[1])
            names = [name for owner, name in self.fake.files if owner == key]
            return self._json([{"name": name, "exists": True} for name in names])
        return self._json({"code": 404.1, "message": "Could not find the resource you were looking for."}, 404)

    def _page(self, query: dict[str, str]) -> None:
        rows = list(reversed(self.fake.rows.values()))  # the newest first
        if token := query.get("$skiptoken"):
            after = json.loads(base64.b64decode(token.removeprefix("01")))["instanceId"]
            keys = [row["__id"] for row in rows]
            rows = rows[keys.index(after) + 1 :]
        limit = min(int(query.get("$top", 1000)), self.fake.page)
        some, answer = rows[:limit], dict[str, Any]()
        if len(rows) > limit:
            last = base64.b64encode(json.dumps({"instanceId": some[-1]["__id"]}).encode()).decode()
            token = f"%24skiptoken=01{quote(last, '')}"
            answer["@odata.nextLink"] = f"https://central.invalid/v1/projects/3/forms/{FORM}.svc/Submissions?{token}"
        shown = [{k: row[k] for k in ("__id", "__system")} for row in some]
        self._json({"@odata.count": len(self.fake.rows), "value": shown, **answer})
