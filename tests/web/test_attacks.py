"""The pages attacked over bare sockets: a real uvicorn with each of its parsers."""

import logging
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.store import session as store
from dondoc.store.errors import SENTENCES, Cause
from dondoc.store.intake import Submission
from dondoc.store.reporting import Report
from dondoc.store.trust import AuditEvent
from dondoc.web import guard
from tests.conftest import at
from tests.web.conftest import Answer, Served, heard, serving
from tests.web.test_pages import waiting_scan

pytestmark = pytest.mark.slow

MB = 2**20
MULTIPART = "multipart/form-data; boundary=b"
BEGIN = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'


@pytest.fixture(params=["httptools", "h11"])
def both(request: pytest.FixtureRequest, app: AppContext) -> Iterator[Served]:
    with serving(app, request.param) as found:
        yield found


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a form that is being read would leave its files."""
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def is_ours(answer: Answer) -> bool:
    """Our own page, with all our headers, and nothing of a framework's."""
    assert {name: answer.headers.get(name.lower()) for name in guard.HEADERS} == guard.HEADERS
    for words in ("Traceback", "Internal Server Error", "Not Found", '"detail"', "Method Not Allowed"):
        assert words not in answer.text
    return "Chưa thực hiện được" in answer.text


class TestBody:
    def test_a_visitor_without_a_login_is_sent_away_before_a_body_is_sent(self, both: Served) -> None:
        with both.connect() as line:
            line.sendall(both.head("POST", "/inbox/upload", length=300 * MB, Content_Type=MULTIPART))
            answer = heard(line)  # not a byte of the body was sent
            assert (answer.status, answer.headers["location"]) == (303, "/auth/login?next=/")
            assert answer.headers["connection"] == "close"
            assert line.recv(1) == b""

    def test_who_asks_whether_to_go_on_is_told_no(self, both: Served) -> None:
        for role, status in (("", 303), ("viewer", 403)):
            more = {"Content_Type": MULTIPART, "Expect": "100-continue", "Origin": both.origin}
            with both.connect() as line:
                line.sendall(both.head("POST", "/inbox/upload", role=role, length=10 * MB, **more))
                assert heard(line).status == status

    def test_a_flood_without_a_login_is_neither_read_nor_kept(self, both: Served, spool: Path) -> None:
        sent = 0
        with both.connect() as line:
            line.sendall(both.head("POST", "/inbox/upload", Content_Type=MULTIPART, Transfer_Encoding="chunked"))
            line.sendall(f"{len(BEGIN):x}\r\n".encode() + BEGIN + b"\r\n")
            try:
                for _ in range(300):
                    line.sendall(b"100000\r\n" + bytes(MB) + b"\r\n")
                    sent += 1
                    assert list(spool.iterdir()) == []
            except ConnectionError:
                pass
        assert sent < 50  # what fits into the buffers of two sockets

    @pytest.mark.parametrize("path", ["/inbox/upload", "/pauses", "/reports/1/issue", "/nowhere"])
    def test_too_large_a_body_is_refused_by_what_it_announces(self, both: Served, path: str) -> None:
        kind = MULTIPART if path != "/pauses" else "application/x-www-form-urlencoded"
        with both.connect() as line:
            more = {"Content_Type": kind, "Origin": both.origin}
            line.sendall(both.head("POST", path, role="ops", length=25 * MB, **more))
            line.sendall(bytes(25 * MB))  # a browser sends all of it before it looks at an answer
            answer = heard(line)
        assert answer.status == 413
        assert is_ours(answer)
        assert ("Tệp lớn hơn 20 MB" in answer.text) == (kind == MULTIPART)

    def test_too_large_a_body_is_refused_by_count(self, both: Served, spool: Path) -> None:
        largest = 0
        with both.connect() as line:
            more = {"Content_Type": MULTIPART, "Origin": both.origin, "Transfer_Encoding": "chunked"}
            line.sendall(both.head("POST", "/inbox/upload", role="ops", **more))
            line.sendall(f"{len(BEGIN):x}\r\n".encode() + BEGIN + b"\r\n")
            for _ in range(40):
                line.sendall(b"100000\r\n" + bytes(MB) + b"\r\n")
                largest = max([largest, *(file.stat().st_size for file in spool.iterdir())])
            line.sendall(b"0\r\n\r\n")
            answer = heard(line)
        assert answer.status == 413
        assert is_ours(answer)
        assert largest <= 21 * MB

    def test_who_waits_for_our_word_is_refused_before_sending(self, both: Served) -> None:
        more = {"Content_Type": "application/x-www-form-urlencoded", "Origin": both.origin, "Expect": "100-continue"}
        with both.connect(timeout=guard.DRAIN[1] / 2) as line:
            line.sendall(both.head("POST", "/pauses", role="ops", length=25 * MB, **more))
            assert heard(line).status == 413

    def test_who_sends_a_form_slowly_keeps_nobody_else_from_acting(self, both: Served) -> None:
        """Everybody with a login could: eight such forms stopped all operators."""
        more = {"Content_Type": "application/x-www-form-urlencoded", "Origin": both.origin}
        with ExitStack() as stack:
            for _ in range(2 * guard.ACTING):
                line = stack.enter_context(both.connect())
                line.sendall(both.head("POST", "/inbox/1/dismiss", role="viewer", length=5000, **more) + b"a")
            answer = both.ask("POST", "/inbox/1/dismiss", role="ops", body=b"reason=x", **more)
        assert "BN-0001" in answer.text, "the room itself answered"

    def test_files_that_come_slowly_keep_nobody_from_acting(self, both: Served) -> None:
        more = {"Content_Type": "multipart/form-data; boundary=x", "Origin": both.origin}
        with ExitStack() as stack:
            for _ in range(2 * guard.ACTING):
                line = stack.enter_context(both.connect())
                line.sendall(both.head("POST", "/inbox/upload", role="ops", length=5000, **more) + b"--x\r\n")
            form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": both.origin}
            answer = both.ask("POST", "/inbox/1/dismiss", role="ops", body=b"reason=x", **form)
        assert "BN-0001" in answer.text, "the room itself answered"

    @pytest.mark.parametrize("pause", [0.05, 10])
    def test_a_body_that_drips_or_stops_is_given_up(
        self, both: Served, monkeypatch: pytest.MonkeyPatch, pause: float
    ) -> None:
        monkeypatch.setattr(guard, "SILENCE_SECONDS", 1.0)
        monkeypatch.setattr(guard, "BODY_SECONDS", dict.fromkeys(guard.BODY_SECONDS, 1.0))
        over = threading.Event()
        with both.connect() as line:
            more = {"Content_Type": "application/x-www-form-urlencoded", "Origin": both.origin}
            line.sendall(both.head("POST", "/pauses", role="ops", length=5000, **more))

            def drip() -> None:
                while not over.wait(pause):
                    try:
                        line.sendall(b"a")
                    except OSError:
                        return

            dripping = threading.Thread(target=drip)
            dripping.start()
            answer = heard(line)
            over.set()
            dripping.join()
            assert answer.status == 408
            assert "quá chậm" in answer.text
            assert answer.headers["connection"] == "close"

    @pytest.mark.parametrize(
        "body",
        [
            b"".join(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' for _ in range(1500))
            + b"--b--\r\n",
            b"--b\r\n" + b"X-A: b\r\n" * 50 + b'Content-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n',
            b"--b\r\nX-A: " + b"a" * 9000 + b'\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n',
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + bytes(2 * MB) + b"\r\n--b--\r\n",
            b"khong co phan nao",
        ],
    )
    def test_a_form_of_many_or_odd_parts_is_refused(self, served: Served, body: bytes) -> None:
        answer = served.ask(
            "POST", "/inbox/upload", role="ops", body=body, Content_Type=MULTIPART, Origin=served.origin
        )
        assert answer.status == 400
        assert is_ours(answer)

    def test_who_may_only_look_sends_no_file(self, both: Served) -> None:
        with both.connect() as line:
            more = {"Content_Type": MULTIPART, "Origin": both.origin}
            line.sendall(both.head("POST", "/inbox/upload", role="viewer", length=5 * MB, **more))
            answer = heard(line)
        assert (answer.status, "chỉ được xem" in answer.text) == (403, True)


class TestRequests:
    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/%00", 400),
            ("/static/%00", 400),
            ("/%ff%fe", 400),
            ("/a%0d%0aSet-Cookie:%20a=b", 400),
            ("/a%5cb", 400),
            ("/cameras?q=%00", 400),
            ("/cameras?q=" + "a" * 300, 400),
            ("/cameras?agency=" + "a" * 300, 400),
            ("/cameras?page=0", 400),
            ("/cameras?page=1000000000", 400),
            ("/cameras?page=999999", 200),
            ("/cameras?page=1.5", 400),
            ("/cameras?state=%3Cscript%3E", 200),
            ("/cameras?q=%ff%fe%c0%80", 200),
            ("/cameras?q=" + "%26" * 1500, 414),
            ("/" + "a" * 2000, 414),
            ("/cameras/99999999999999999999", 404),
            ("/cameras/2147483648", 404),
            ("/cameras/9223372036854775808/thumbnail", 404),
            ("/cameras/-1", 404),
            ("/cameras/0", 404),
            ("/cameras/%C2%B2", 400),
            ("/cameras/--5", 400),
            ("/cameras/1e3", 400),
            ("/letters/9223372036854775807", 404),
            ("/letters/1/attachments/-1", 403),
            ("/letters?before=9223372036854775808", 400),
            ("/letters?before=" + "9" * 3000, 400),
            ("/letters?before=-1", 400),
            ("/inbox/99999999999999999999/original", 404),
            ("/reports/99999999999/report.docx", 404),
            ("/reports/1/..%2f..%2fdondoc.db", 404),
            ("/?as_of=9999-12-31", 400),
            ("/?as_of=0001-01-01", 400),
            ("/?as_of=2999-12-31", 400),
            ("/?as_of=1900-01-01", 400),
            ("/?as_of=-1", 400),
            ("/?as_of=%D9%A2021-11-22", 400),
            ("/agency/so-nnptnt?as_of=9999-12-31", 400),
            ("/agency/" + "%F0%9F%9B%B6" * 50, 404),
            ("/cameras/", 404),
            ("/static/../../../../etc/passwd", 404),
            ("/static/..%2f..%2fapp.py", 404),
            ("/static/", 404),
            ("/static", 404),
        ],
    )
    def test_an_odd_address_is_answered_with_a_page_and_soon(self, served: Served, path: str, status: int) -> None:
        began = time.monotonic()
        answer = served.ask("GET", path, role="viewer")
        assert (answer.status, time.monotonic() - began < 10) == (status, True)
        assert is_ours(answer) == (status != 200)

    @pytest.mark.parametrize("path", ["/letters/99999999999999999999/approve", "/inbox/9223372036854775808/assign"])
    def test_an_odd_number_acts_on_nothing(self, served: Served, path: str) -> None:
        answer = served.ask("POST", path, role="ops", Origin=served.origin)
        assert (answer.status, is_ours(answer)) == (404, True)

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
    @pytest.mark.parametrize("path", ["/", "/letters/1", "/static/style.css", "/nowhere"])
    def test_other_methods_are_refused(self, served: Served, method: str, path: str) -> None:
        answer = served.ask(method, path, role="ops", Origin=served.origin)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")
        assert is_ours(answer)

    def test_a_page_that_takes_no_post_says_so(self, served: Served) -> None:
        answer = served.ask("POST", "/cameras", role="ops", Origin=served.origin)
        assert (answer.status, is_ours(answer)) == (405, True)

    @pytest.mark.parametrize("path", ["/", "/cameras", "/nowhere", "/static/style.css", "/metrics"])
    def test_head_is_get_without_a_body(self, served: Served, path: str) -> None:
        get, head = served.ask("GET", path, role="viewer"), served.ask("HEAD", path, role="viewer")
        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["content-type"] == get.headers["content-type"]

    def test_options_names_methods_and_opens_nothing_to_other_sites(self, served: Served) -> None:
        answer = served.ask("OPTIONS", "/letters", Origin="https://evil.example")
        assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
        assert not [name for name in answer.headers if name.startswith("access-control")]

    def test_a_page_is_not_asked_for_with_a_body(self, both: Served) -> None:
        assert both.ask("GET", "/", role="viewer", body=b"x" * 10).status == 400
        with both.connect() as line:
            line.sendall(both.head("GET", "/", role="viewer", length=300 * MB))
            assert heard(line).status == 400

    def test_another_alphabet_of_a_form_is_refused(self, served: Served) -> None:
        for charset in ("utf-16", "rot13", "unicode_escape", "utf-8; charset=utf-7"):
            kind = f"application/x-www-form-urlencoded; charset={charset}"
            answer = served.ask("POST", "/pauses", role="ops", body=b"a=b", Content_Type=kind, Origin=served.origin)
            assert (answer.status, is_ours(answer)) == (415, True)

    def test_every_kind_of_answer_has_the_same_headers(self, served: Served) -> None:
        for method, path, role in (
            ("GET", "/", "ops"),
            ("GET", "/", ""),
            ("GET", "/static/style.css", ""),
            ("GET", "/cameras.csv", "ops"),
            ("GET", "/metrics", "viewer"),
            ("POST", "/pauses", "ops"),
            ("OPTIONS", "/", ""),
        ):
            is_ours(served.ask(method, path, role=role))

    @pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/%2f..", "/\\evil.example", "/%5cevil.example"])
    def test_the_login_never_leads_to_another_site(self, served: Served, path: str) -> None:
        answer = served.ask("GET", path)
        place = answer.headers.get("location", "")
        assert "next=//" not in place
        assert "next=/%5c" not in place.lower()
        assert "next=/%2f" not in place.lower()

    def test_a_file_s_name_adds_no_header(self, app: AppContext, served: Served) -> None:
        number = waiting_scan(app)
        with app.sessions.begin() as session:
            row = session.get_one(Submission, number)
            row.filename = 'a"\r\nSet-Cookie: x=y\r\n\r\n<script>.pdf' + "ạ" * 500
        answer = served.ask("GET", f"/inbox/{number}/original", role="ops")
        assert answer.status == 200
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")

    def test_one_with_two_ends_is_refused_and_nothing_behind_it_is_heard(self, both: Served) -> None:
        two = {"Content_Type": "application/x-www-form-urlencoded", "Transfer_Encoding": "chunked"}
        asked = both.head("POST", "/letters/1/cancel", role="ops", length=4, Origin=both.origin, **two)
        with both.connect() as line:
            line.sendall(asked + b"0\r\n\r\n" + both.head("GET", "/pauses", role="ops"))
            assert heard(line).status == 400
            assert heard(line).status == 0

    @pytest.mark.parametrize("path", ["inbox/{}/dismiss", "inbox/{}/assign", "letters/1/cancel", "pauses/1/undo"])
    @pytest.mark.parametrize("reason", ["%00", "%1b%5b2J", "a" * 3000])
    def test_words_that_no_person_types_are_not_kept(
        self, app: AppContext, served: Served, path: str, reason: str
    ) -> None:
        path = "/" + path.format(waiting_scan(app))
        body, kind = f"reason={reason}&agency={reason}".encode(), "application/x-www-form-urlencoded"
        answer = served.ask("POST", path, role="ops", body=body, Origin=served.origin, Content_Type=kind)
        assert answer.status == 400
        assert is_ours(answer)


class TestOrigin:
    def post(self, served: Served, **headers: str) -> int:
        return served.ask("POST", "/letters/1/cancel", role="ops", **headers).status

    def test_only_our_own_pages_may_ask_for_an_act(self, served: Served) -> None:
        passed = 400  # its form is empty
        other = served.port - 1
        for headers, status in (
            ({"Origin": served.origin}, passed),
            ({"Referer": f"{served.origin}/letters/1"}, passed),
            ({"Origin": "http://127.0.0.1:8080"}, passed),  # DONDOC_PUBLIC_URL
            ({}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "null", "Referer": f"{served.origin}/"}, 403),
            ({"Origin": f"https://{served.host}"}, 403),
            ({"Origin": f"http://127.0.0.1:{other}"}, 403),
            ({"Origin": "http://127.0.0.1"}, 403),
            ({"Origin": f"http://127.0.0.1.evil.example:{served.port}"}, 403),
            ({"Origin": f"http://evil.example/{served.host}"}, 403),
            ({"Origin": f"http://{served.host}@evil.example"}, 403),
            ({"Referer": f"https://evil.example/?{served.origin}"}, 403),
            ({"Origin": served.origin, "Sec_Fetch_Site": "cross-site"}, 403),
            ({"Origin": served.origin, "Sec_Fetch_Site": "same-origin"}, passed),
            ({"Origin": "https://evil.example", "X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}, 403),
            ({"Origin": "https://evil.example", "Forwarded": "host=evil.example;proto=https"}, 403),
        ):
            assert (headers, self.post(served, **headers)) == (headers, status)

    def test_behind_a_known_proxy_the_origin_is_the_one_of_the_browser(
        self, environment: pytest.MonkeyPatch, app: AppContext
    ) -> None:
        environment.setenv("DONDOC_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")
        with serving(AppContext(load())) as served:
            via = {"X_Forwarded_For": "203.0.113.9, 10.1.1.1", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "d.vn"}
            assert self.post(served, Origin="https://d.vn", **via) == 400
            assert self.post(served, Origin="http://d.vn", **via) == 403
            assert self.post(served, Origin=served.origin, **via) == 403
            assert self.post(served, Origin="https://d.vn:8443", **via) == 403

    @pytest.mark.parametrize(
        ("trusted", "headers", "address"),
        [
            ("", {"X_Forwarded_For": "203.0.113.9"}, "127.0.0.1"),
            ("127.0.0.1/32", {"X_Forwarded_For": "203.0.113.9"}, "203.0.113.9"),
            ("127.0.0.1/32", {"X_Forwarded_For": "1.1.1.1, 203.0.113.9"}, "203.0.113.9"),
            ("127.0.0.1/32", {"X_Forwarded_For": "1.1.1.1, bịa đặt".encode().decode("latin-1")}, "127.0.0.1"),
            ("127.0.0.1/32,10.0.0.0/8", {"X_Forwarded_For": "1.1.1.1, 203.0.113.9, 10.1.1.1"}, "203.0.113.9"),
            ("127.0.0.1/32", {"Forwarded": 'for=1.1.1.1, for="[2001:db8::7]:4711";proto=https'}, "2001:db8::7"),
            ("127.0.0.1/32", {"Forwarded": "for=1.1.1.1", "X_Forwarded_For": "203.0.113.9"}, "203.0.113.9"),
        ],
    )
    def test_the_address_in_the_audit_trail_cannot_be_made_up(
        self,
        environment: pytest.MonkeyPatch,
        app: AppContext,
        trusted: str,
        headers: dict[str, str],
        address: str,
    ) -> None:
        environment.setenv("DONDOC_TRUSTED_PROXIES", trusted)
        with serving(AppContext(load())) as served:
            assert served.ask("GET", "/cameras.csv", role="ops", **headers).status == 200
        with app.sessions.reading() as session:
            [event] = session.scalars(select(AuditEvent))
        assert (event.name, event.login, event.channel, event.address) == ("ops", "ops.dangnhap", "page", address)


class TestTrouble:
    """What the installation suffers from is said on a page of ours, and in the log."""

    def test_an_error_nobody_expected_has_a_reference_in_page_and_log(
        self, app: AppContext, served: Served, caplog: pytest.LogCaptureFixture
    ) -> None:
        with app.sessions.begin() as session:
            drawn = {"folder": "x", "figures": {"mat-khau": "Kin-2021"}}
            session.add(Report(directive="a", as_of=at(18), code="", recorded_at=at(18), **drawn))
        answer = served.ask("GET", "/reports", role="ops")
        assert (answer.status, is_ours(answer)) == (500, True)
        [record] = [r for r in caplog.records if r.name == "dondoc.web.guard"]
        reference = record.getMessage()[1:9]
        assert f"Báo người vận hành mã {reference}" in answer.text
        assert "GET '/reports': KeyError" in record.getMessage()
        assert "web/reports.py" in record.getMessage()

    def test_a_damaged_database(self, app: AppContext, served: Served, caplog: pytest.LogCaptureFixture) -> None:
        app.sessions.kw["bind"].dispose()
        (app.settings.home / "dondoc.db").write_bytes(b"not a database, whatever it says" * 200)
        for path in ("/", "/cameras", "/letters", "/inbox", "/reports", "/pauses", "/metrics", "/cameras.csv"):
            answer = served.ask("GET", path, role="viewer")
            assert (answer.status, is_ours(answer)) == (503, True)
            assert SENTENCES[Cause.DAMAGED] in answer.text
            assert answer.headers["retry-after"]
        assert "[damaged] GET '/letters': " in caplog.text
        assert "DatabaseError" in caplog.text

    def test_a_database_that_was_never_made(
        self, environment: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        environment.setenv("DONDOC_DATABASE_URL", f"sqlite:///{tmp_path / 'moi.db'}")
        with serving(AppContext(load())) as served:
            answer = served.ask("GET", "/", role="viewer")
        assert (answer.status, "dondoc db upgrade" in answer.text) == (503, True)
        assert "[empty] GET '/'" in caplog.text

    def test_a_postgresql_that_is_gone(self, environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        environment.setenv("DONDOC_DATABASE_URL", "postgresql://u:BiMat-2021@127.0.0.1:1/x")
        with serving(AppContext(load())) as served:
            answer = served.ask("GET", "/cameras", role="ops")
        assert (answer.status, is_ours(answer)) == (503, True)
        assert "không kết nối được máy chủ PostgreSQL" in answer.text
        assert "[unreachable] GET '/cameras': OperationalError" in caplog.text
        assert "BiMat-2021" not in answer.text + caplog.text

    def test_no_connection_left(
        self, app: AppContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(store, "POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.2})
        few = AppContext(load())
        with serving(few) as served, few.sessions.reading() as session:
            session.execute(text("SELECT 1"))
            answer = served.ask("GET", "/", role="viewer")
        assert (answer.status, is_ours(answer)) == (503, True)
        assert SENTENCES[Cause.BUSY] in answer.text
        assert "[busy] GET '/': TimeoutError" in caplog.text

    def test_while_somebody_writes_pages_are_seen_and_acts_get_a_sentence(
        self, app: AppContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store, "LOCK_SECONDS", 1)
        sent = b"agency=cong-an-tinh&begins=2021-11-20&document=x&reason=y"
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        holder = sqlite3.connect(str(make_url(app.settings.url).database), isolation_level=None)
        with serving(AppContext(load())) as served:
            holder.execute("BEGIN IMMEDIATE")
            try:
                for path in ("/", "/cameras", "/letters", "/inbox", "/reports", "/pauses", "/metrics"):
                    assert served.ask("GET", path, role="viewer").status == 200
                busy = served.ask("POST", "/pauses", role="ops", body=sent, Origin=served.origin, **form)
            finally:
                holder.close()
            assert (busy.status, SENTENCES[Cause.BUSY] in busy.text, busy.headers["retry-after"]) == (503, True, "30")
            done = served.ask("POST", "/pauses", role="ops", body=sent, Origin=served.origin, **form)
            assert done.status == 303

    def test_who_acts_keeps_nobody_from_looking(self, app: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "LOCK_SECONDS", 1)
        monkeypatch.setattr(guard, "ACTING", 1)
        monkeypatch.setattr(guard, "TURN_SECONDS", 0.3)
        sent = b"agency=cong-an-tinh&begins=2021-11-20&document=x&reason=y"
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        holder = sqlite3.connect(str(make_url(app.settings.url).database), isolation_level=None)
        statuses: list[int] = []
        with serving(AppContext(load())) as served:
            holder.execute("BEGIN IMMEDIATE")

            def act() -> None:
                answer = served.ask("POST", "/pauses", role="ops", body=sent, Origin=served.origin, **form)
                statuses.append(answer.status)

            acting = [threading.Thread(target=act) for _ in range(6)]
            for one in acting:
                one.start()
            try:
                assert served.ask("GET", "/", role="viewer").status == 200
            finally:
                for one in acting:
                    one.join()
                holder.close()
        assert statuses == [503] * 6

    def test_a_full_disk_loses_no_upload_in_silence(self, app: AppContext, caplog: pytest.LogCaptureFixture) -> None:
        from sqlalchemy import event

        engine = app.sessions.kw["bind"]
        engine.dispose()

        @event.listens_for(engine, "connect")
        def no_room(connection: sqlite3.Connection, _: object) -> None:
            connection.execute("PRAGMA max_page_count=1")

        long = b"agency=so-nnptnt&begins=2021-11-20&document=x&reason=" + b"y" * 1900
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        with serving(app) as served:
            answers = [
                served.ask("POST", "/pauses", role="ops", body=long, Origin=served.origin, **form) for _ in range(12)
            ]
        assert {answer.status for answer in answers} <= {303, 503}
        assert (answers[-1].status, SENTENCES[Cause.FULL] in answers[-1].text) == (503, True)
        assert "[full] POST '/pauses': " in caplog.text

    def test_settings_that_are_wrong(self, app: AppContext) -> None:
        from dondoc.errors import Problem
        from dondoc.web.app import create_app
        from tests.web.conftest import visitor

        def broken() -> AppContext:
            raise Problem("Cấu hình chưa đúng: DONDOC_MODE.")

        from fastapi.testclient import TestClient

        browser = TestClient(create_app(current_user=visitor, app=broken), headers={"x-role": "ops"})
        answer = browser.get("/")
        assert (answer.status_code, "DONDOC_MODE" in answer.text) == (503, True)

    def test_the_log_cannot_be_written_by_visitors(self, served: Served, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        served.ask("GET", "/letters?before=1%0a[gia]", role="viewer")
        served.ask("GET", "/a%0a[gia]", role="viewer")
        assert "\n[gia]" not in caplog.text


def test_the_last_day_there_is_costs_no_more_than_today(app: AppContext) -> None:
    from dondoc.facts import obligations

    with app.sessions.reading() as session:
        far = clock.end_of(at(22).date().replace(year=2999))
        standings = obligations.at(app, session, far)
    assert max(s.working_days_late for s in standings) > 200_000
