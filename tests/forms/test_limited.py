"""Files made to cost much: each is judged, or turned away with its reason, in a child within limits, and never here."""

import json
import resource
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter

from dondoc.configuration.settings import DATA
from dondoc.errors import Problem
from dondoc.forms import draft, limited, redact, token, work
from dondoc.forms.judge import MOST_ISSUES
from dondoc.forms.token import Proof, Token
from dondoc.forms.verdict import FormVerdict
from dondoc.isolation import workers
from dondoc.isolation.workers import Fault
from tests.forms.conftest import DAY, DIRECTIVE, SECRETS, SPECS, cell, codes, edited, form, head, judged, row, table
from tests.forms.test_hostile import TABLE, merged, part, repacked

pytestmark = pytest.mark.slow

COMMON: dict[str, Any] = {"data": DATA, "registry": DIRECTIVE.registry, "secrets": SECRETS}


def judge(content: bytes) -> FormVerdict:
    return limited.judge(content, "bm.xlsx", day=DAY, **COMMON)


def wide(text: Callable[[int], str], rows: int = 300) -> bytes:
    """A form with a long text in every cell of a few columns of every row."""

    def fill(book: Workbook) -> None:
        for n in range(rows):
            for column in range(2, 6):
                table(book).cell(6 + n, column, value=text(n * 4 + column))

    return edited(form(), fill)


@cache
def long_form() -> bytes:
    return form(rows=[row(name=f"C{n}", host=f"113.160.{n % 250}.{n // 250}") for n in range(1500)])


def test_twenty_thousand_ranges_over_one_cell_are_one() -> None:
    verdict = judge(merged(f"B6:B{2000 + n}" for n in range(20_000)))
    assert (verdict.outcome, len(verdict.rows)) == ("accepted", 1)


def test_merged_cells_stand_only_in_rows_that_have_something_of_their_own() -> None:
    column = get_column_letter(cell("place")[1])
    rows = [row(), row(place=None, name="Bãi xe", host="113.160.10.22")]
    content = form(head_=head(total_cameras="2"), rows=rows)
    content = edited(content, lambda book: table(book).merge_cells(f"{column}6:{column}2000"))
    verdict = judge(content)
    assert (verdict.outcome, len(verdict.rows)) == ("accepted", 2)
    assert verdict.rows[1]["place"] == verdict.rows[0]["place"]


@pytest.mark.parametrize(
    "ranges",
    [
        lambda: (f"{get_column_letter(2 + n % 100)}{7 + n // 100 * 3}:"
                 f"{get_column_letter(2 + n % 100)}{9 + n // 100 * 3}" for n in range(20_000)),
        lambda: (f"A{n}:XFD{n + 1000000}" for n in range(1000, 21_000)),
        lambda: (f"A{n}:B{n}" for n in range(1000, 31_000)),
        lambda: (f"B{n}:B{1048576}" for n in range(7, 20_007)),
    ],
    ids=["disjoint", "whole sheets", "rows", "nested"],
)  # fmt: skip
def test_twenty_thousand_ranges_of_any_kind_cost_nothing(ranges: Callable[[], Iterator[str]]) -> None:
    assert judge(merged(ranges())).outcome == "accepted"


@pytest.mark.parametrize(
    "unit", ["mat khau: ", "mật khẩu:", "://", "rtsp://a:", "admin:", "admin/", "mk ", "pass=", "@a.", "((", "a@", "´"]
)
def test_a_text_that_looks_like_passwords_over_and_over_is_redacted_in_time(unit: str) -> None:
    """38 KB of them cost 72 seconds; these are 480 KB."""
    verdict = judge(wide(lambda n: (f"{n} " + unit * 4000)[:4000], rows=30))
    assert verdict.outcome == "returned"
    assert len(verdict.rows) == 30


@given(
    st.lists(
        st.sampled_from(["mật khẩu", "mk", "pass", "admin", "root", "://", "@", ":", "=", "/", " ", "A1@", "x", ";"])
    )
)
def test_redacting_twice_finds_nothing_more_and_nothing_after_a_scheme_keeps_its_login(words: list[str]) -> None:
    found, secret = redact.redact("".join(words))
    assert secret == (found != "".join(words))
    assert not any("://" in word and "@" in word.partition("://")[2] for word in found.split())


def test_half_a_million_cells_are_too_many_and_it_says_so() -> None:
    columns = [get_column_letter(column) for column in range(1, 111)]
    rows = (
        f'<row r="{n}">{"".join(f"""<c r="{column}{n}" t="str"><v>x</v></c>""" for column in columns)}</row>'
        for n in range(1_000, 5_600)
    )
    end = b"</sheetData>"
    verdict = judge(repacked(form(), {TABLE: part(form(), TABLE).replace(end, "".join(rows).encode() + end)}))
    assert (verdict.outcome, codes(verdict)) == ("refused", ["too_heavy"])
    assert draft.TOO_MUCH in verdict.issues[0].message


def test_long_texts_in_every_cell_are_too_much_and_it_says_so() -> None:
    rows = draft.TEXT // (4 * draft.LONGEST) + 1
    verdict = judge(wide(lambda n: "x" * draft.LONGEST, rows))
    assert (verdict.outcome, codes(verdict)) == ("refused", ["too_heavy"])


def test_a_header_repeated_sixteen_thousand_times_costs_nothing() -> None:
    def fill(book: Workbook) -> None:
        for column in range(60, 16_060):
            table(book).cell(4, column, value="Cổng RTSP")

    assert "column_repeated" in codes(judge(edited(form(), fill)))


def test_a_shared_string_of_a_hundred_thousand_pieces_is_one_text() -> None:
    deep = b"<si>" + b"<r><t>x</t></r>" * 100_000 + b"</si>"
    sheet = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + deep + b"</sst>"
    assert judge(repacked(form(), more={"xl/sharedStrings.xml": sheet})).outcome == "accepted"


def test_numbers_that_are_none_are_errors_in_their_cells() -> None:
    content = form()
    sheet = part(edited(content, lambda book: table(book).cell(*cell("rtsp_port"), value=123456)), TABLE)
    verdict = judge(repacked(content, {TABLE: sheet.replace(b"<v>123456</v>", b"<v>1e999</v>")}))
    assert codes(verdict) == ["cell_error"]


def test_a_form_wrong_everywhere_lists_the_first_errors_and_how_many_are_left() -> None:
    wrong = dict.fromkeys(("host", "rtsp_port", "fps", "camera_type", "resolution", "codec", "onvif", "link"), "x")
    wrong |= {"latitude": "10.0.0.1", "longitude": "10.0.0.1", "retention_days": "x"}
    # One row in nine is right: the others are no run of which the same would be said once.
    rows = [row(name=f"C{n}", **(wrong if n % 9 else {"host": f"113.1.1.{n // 9}"})) for n in range(600)]
    verdict = judge(form(rows=rows))
    assert len(verdict.issues) == MOST_ISSUES + 1
    assert (verdict.outcome, verdict.issues[-1].code) == ("returned", "more_errors")
    assert {issue.severity for issue in verdict.issues} == {"error"}
    assert max(len(issue.message) for issue in verdict.issues) < 1000


def test_none_of_it_is_done_here() -> None:
    """Neither the memory nor the time of this process grows with what a file costs."""
    files = [merged(f"B6:B{2000 + n}" for n in range(20_000)), wide(lambda n: ("://" * 4000)[:4000])]
    judge(form())
    before, most = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for content in files:
        judge(content)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < 2
    assert after.ru_maxrss - most < 100 * 1024


@pytest.mark.parametrize(
    ("limits", "code", "words"),
    [
        ({"memory": 100 << 20}, "too_heavy", "vượt giới hạn bộ nhớ 100 MB"),
        ({"wall": 0.2}, "too_heavy", "vượt giới hạn thời gian"),
        ({"output": 100}, "too_heavy", "kết quả lớn hơn"),
    ],
)
def test_a_limit_that_is_met_is_named(
    monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any], code: str, words: str
) -> None:
    content = long_form()
    judge(form())
    monkeypatch.setattr(limited, "LIMITS", replace(limited.LIMITS, **limits))
    with pytest.raises(Fault) as caught:
        judge(content)
    assert words in limited.explain(caught.value, limited.LIMITS)
    assert codes(judged(content)) == [code]


def test_a_child_that_breaks_is_not_called_too_heavy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "hong"
    broken.mkdir()
    (broken / "broken_work.py").write_text("import os\nprepare = len\n\ndef work(request, ask):\n    os.abort()\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    monkeypatch.setattr(limited, "WORK", "broken_work")
    verdict = judged(form())
    assert codes(verdict) == ["check_failed"]
    assert "Aborted" in verdict.issues[0].message


class Lying:
    """A child whose file has taken it over, and which answers what it likes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: bytes, question: bytes = b'["{}.x"]') -> None:
        def run(module: str, context: bytes, request: bytes, limits: object, reply: workers.Reply) -> bytes:
            self.request, self.context = request, context
            self.proof = work.PROOF.validate_json(reply(question))
            return answer

        monkeypatch.setattr(workers, "run", run)


def answer(**changes: Any) -> bytes:
    said = FormVerdict("accepted", "form_03", "ubnd-huyen-duc-tho", "invalid", ())
    return work.VERDICT.dump_json(replace(said, **changes))


@pytest.mark.parametrize(
    "said",
    [
        answer(token="valid"),
        answer(base_version=3),
        answer(agency="khong-co"),
        answer(form="form_99"),
        b"{}",
        b"[" * 100_000,
        answer().replace(b"accepted", b"dismissed"),
    ],
)
def test_a_child_cannot_say_that_a_token_proves_more_than_it_does(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    lying = Lying(monkeypatch, said)
    with pytest.raises(Fault, match="verdict"):
        judge(form())
    assert lying.proof == Proof(None, "invalid", "chữ ký không khớp")


def test_with_a_genuine_token_it_cannot_name_another_agency(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = token.issue(Token("form_03", 1, "ubnd-huyen-vu-quang", DIRECTIVE.id, 0), SECRETS)
    Lying(monkeypatch, answer(token="valid"), json.dumps([genuine]).encode())
    with pytest.raises(Fault, match="verdict"):
        judge(form())


def test_the_child_is_told_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    lying = Lying(monkeypatch, answer())
    judge(form())
    assert SECRETS[0].encode() not in lying.context + lying.request.partition(b"\n")[0]


def test_a_token_of_a_thousand_brackets_proves_nothing() -> None:
    proof = token.prove(["[" * 2000 + ".x"], registry=DIRECTIVE.registry, forms=SPECS, secrets=[])
    assert proof == Proof(None, "unverified")


def test_what_forms_are_judged_by_comes_through_whole() -> None:
    known = work.KNOWN.validate_json(limited._context(DIRECTIVE.registry, SPECS, {}))
    assert known == work.Known(DIRECTIVE.registry, SPECS, {})


def test_a_copy_that_is_too_much_is_none_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    content = form(rows=[row(fps="x")])
    verdict = judge(content)
    for limits, words in (({"output": 1000}, "kết quả lớn hơn"), ({"wall": 0.001}, "thời gian"), ({"memory": 1}, "")):
        monkeypatch.setattr(limited, "COPY", replace(limited.COPY, **limits))
        with pytest.raises(Problem, match=f"Không lập được bản đánh dấu: .*{words}"):
            limited.annotate(content, verdict, base_version=0, **COMMON)


def test_a_long_form_is_annotated_within_the_limits() -> None:
    rows = [row(name=f"C{n}", host=f"113.160.{n % 250}.{n // 250}", fps=f"x{n}") for n in range(1500)]
    content = form(rows=rows)
    verdict = judge(content)
    assert len(verdict.issues) > len(rows)
    copy = limited.annotate(content, verdict, base_version=0, **COMMON)
    assert load_workbook(BytesIO(copy), read_only=True).sheetnames[0] == "Cần sửa"


@pytest.mark.parametrize(
    ("places", "addresses"),
    [
        ([(1048576, 16384, "x")], ["XFD1048576"]),
        ([(1048576, 3, "x")], ["C1048576"]),
        ([(1048576, 2, "x"), (9, 700, "x")], ["ZX9", "B1048576"]),
        ([(5000, 16384, "x")], ["XFD5000"]),
        ([(1048576, 16384, None)], []),
        ([(20_000, 2, "x")], ["B20000"]),
        ([(9, 16384, "x")], ["XFD9"]),
    ],
)
def test_a_cell_far_out_is_named_and_the_form_is_read_and_looks_alone_are_none(
    places: list[tuple[int, int, str | None]], addresses: list[str]
) -> None:
    def fill(book: Workbook) -> None:
        for row_, column, value in places:
            table(book).cell(row_, column, value=value).fill = PatternFill("solid", fgColor="FF0000")

    verdict = judge(edited(form(), fill))
    assert [issue.cell for issue in verdict.issues if issue.code == "far_cell"] == addresses
    assert (verdict.outcome, len(verdict.rows)) == ("accepted_with_warnings" if addresses else "accepted", 1)
    assert verdict.value_hash == judge(form()).value_hash


def test_no_child_is_left_when_all_is_done() -> None:
    judge(form())
    servers = [worker.process for worker in workers._idle]
    workers.end()
    assert servers
    assert {process.returncode for process in servers} <= {-signal.SIGKILL, 0}, "one may be faster than its killer"
