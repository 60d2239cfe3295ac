"""A directive that contradicts itself is refused: every fault at once, each with file and line."""

from datetime import date
from pathlib import Path

import pytest

from dondoc.directive.load import load
from dondoc.directive.model import Directive
from dondoc.errors import Problem

GOOD = (Path(__file__).with_name("cau-duong.yaml")).read_text(encoding="utf-8")


def refusal(folder: Path, text: str) -> list[str]:
    path = folder / "van-ban.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Problem) as refused:
        load(path)
    return str(refused.value).splitlines()


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("place: Bình Minh", "plaace: Bình Minh", "không có khóa “plaace”"),
        ("issuer: so-gtvt", "issuer: so-khac", "không có đơn vị “so-khac”"),
        ("agencies: [ban-ben-khach]", "agencies: [ban-khac]", "không có đơn vị “ban-khac”"),
        (
            "[ubnd-huyen-song-ca, ubnd-huyen-nui-do]",
            "[ubnd-huyen-song-ca, ubnd-huyen-song-ca]",
            "ferry/form_03 của “ubnd-huyen-song-ca” ghi hai lần",
        ),
        ("day: 2023-04-03", "day: 2023-02-30", "“2023-02-30” không phải ngày có thật"),
        ("day: 2023-04-03", "day: '2023-02-30'", "phải là một ngày có thật"),
        ("valid_to: 2023-04-30", "valid_to: hôm qua", "phải là một ngày có thật"),
        ("successors: [{agency: ubnd-huyen-song-ca, kind: merge}]", "successors: [{kind: merge}]", "phải ghi đơn vị"),
        ("agency: ubnd-huyen-song-ca, kind: merge", "agency: ubnd-x, kind: merge", "không có đơn vị “ubnd-x”"),
        ("agency: ubnd-huyen-song-ca, kind: merge", "agency: ubnd-huyen-song-ca, kind: nuot", "phải là một trong"),
        ("name: Bến khách ngang sông", "nam: Bến khách ngang sông", "không có khóa “nam”"),
        ("- {id: overdue_1, after: 1", "- {id: remind, after: 1", "mã “remind” dùng hai lần"),
        ("to: [clerk]", "to: [cleark]", "không có vai trò “cleark”"),
        ("to: [clerk]", "needs: overdue_0, to: [clerk]", "không có bậc “overdue_0”"),
        ("deliverable: connection", "deliverable: form_03", "không phải thứ phải gửi ở đây"),
        ("deliverable: focal_letter", "deliverable: form_04", "không phải thứ phải gửi ở đây"),
        ("number: 118/SGTVT-HT", "number: 118", "phải là chữ"),
        ("id: sgtvt-2023-04", "id: Công văn/4", "chỉ gồm chữ thường không dấu"),
        ("deliverable: focal_letter", "deliverable: file", "“file” phải ghi rõ là gì (text)"),
        ("place: Bình Minh", 'place: "Bình\\u202e Minh"', "“place” có ký tự không nhìn thấy (U+202E)"),
        ("place: Bình Minh", "title: hai lần", "khóa “title” viết hai lần"),
        ("place: Bình Minh", "place: !!python/object:os.system {}", "không nhận nhãn"),
    ],
)
def test_each_fault_is_named_with_file_and_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    found = refusal(tmp_path, text)
    assert any(line.startswith(f"van-ban.yaml:{line_of(GOOD, old)}: ") and words in line for line in found), found


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (
            "  - {system: ferry, deliverable: form_03, due_before: 2023-04-02, agencies: [ban-ben-khach]}",
            "không sau ngày văn bản",
        ),
        (
            "  - {system: bridge, deliverable: form_03, due_before: 2023-04-20, agencies: [ban-ben-khach]}",
            "không có hệ thống “bridge”",
        ),
        ("  - {system: ferry, deliverable: form_03, agencies: [ban-ben-khach]}", "thiếu khóa “due_before”"),
        *(
            (f"  - {{system: ferry, deliverable: form_03, periodic: {{{when}}}, agencies: [ban-ben-khach]}}", words)
            for when, words in (
                ("first: 2023-05, before_day: 5", "thiếu khóa “last”"),
                ("first: 2023-03, last: 2023-06, before_day: 5", "thời hạn 05/03/2023 không sau ngày văn bản"),
                ("first: 2023-05, last: 2053-06, before_day: 5", "362 kỳ là quá nhiều"),
                ("first: 2023-05, last: 2023-04, before_day: 5", "kỳ cuối 2023-04 trước kỳ đầu 2023-05"),
                ("first: 2023-05, last: 2023-06, before_day: 0", "“before_day” phải từ 1 trở lên"),
            )
        ),
        ("  - {system: ferry, deliverable: form_03, due_before: 2023-04-20, agencies: []}", "agencies"),
        ("  - {system: ferry, deliverable: form_03, due_before: 9999-12-31, agencies: [ban-ben-khach]}", "năm 9999"),
    ],
)
def test_a_wrong_obligation_is_named_with_its_line(tmp_path: Path, extra: str, words: str) -> None:
    text = GOOD.replace("obligations:\n", f"obligations:\n{extra}\n", 1)
    found = refusal(tmp_path, text)
    assert any(line.startswith(f"van-ban.yaml:{line_of(text, extra)}: ") and words in line for line in found), found


OVERDUE = "  - {id: overdue_1, after: 1, to: [clerk], letter: overdue_1, kind: overdue}"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{id: s, after: -2, to: [], letter: reminder, kind: reminder}", "chưa ghi gửi cho ai"),
        ("{id: s, after: -2, to: [chief], letter: reminder, kind: reminder}", "không có vai trò “chief”"),
        ("{id: s, after: -2, to: [clerk, clerk], letter: reminder, kind: reminder}", "“clerk” ghi hai lần"),
        ("{id: s, after: 1, to: [clerk], letter: reminder, kind: reminder}", "after 1 phải là 0 hoặc số âm"),
        ("{id: s, after: 0, to: [clerk], letter: overdue_1, kind: overdue}", "after 0 phải từ 1 trở lên"),
        ("{id: s, after: 5000, to: [clerk], letter: overdue_1, kind: overdue}", "after 5000 quá xa"),
        ("{id: s, after: 2, wait: -1, to: [clerk], letter: overdue_1, kind: overdue}", "wait -1 không dùng được"),
        ("{id: s, after: 2, official: true, to: [clerk], letter: overdue_1, kind: overdue}", "phải ghi answer_days"),
        ("{id: s, after: 0, official: true, answer_days: 5, to: [clerk], letter: a, kind: reminder}", "thư nhắc hạn"),
        (
            "{id: s, after: 2, official: true, answer_days: 5, to: [clerk], repeat: 5, letter: a, kind: overdue}",
            "bậc lặp lại không dựa trên công văn",
        ),
        ("{id: s, after: 2, answer_days: 0, to: [clerk], letter: overdue_1, kind: overdue}", "answer_days 0 không"),
        ("{id: s, after: 2, to: [clerk], letter: ../x, kind: overdue}", "“../x” không phải tên thư mục"),
        ("{id: s, after: 3, to: [head], letter: overdue_2, kind: overdue}", "gửi “head” phải có needs"),
        ("{id: s, after: 5, to: [board], letter: overdue_board, kind: overdue}", "gửi “board” phải có needs"),
        ("{id: s, after: 3, to: [head], letter: overdue_2, kind: overdue, needs: remind}", "chỉ là thư nhắc hạn"),
        ("{id: s, after: 3, to: [head], letter: overdue_2, kind: overdue, needs: x}", "không có bậc “x” trước bậc"),
        (
            "{id: s, after: 3, to: [head], letter: overdue_2, kind: overdue, needs: s}",
            "đứng sau, hoặc là chính bậc này",
        ),
        ("{id: overdue_1, after: 3, to: [clerk], letter: overdue_1, kind: overdue}", "mã “overdue_1” dùng hai lần"),
    ],
)
def test_a_step_that_could_never_be_taken_is_named_with_its_line(tmp_path: Path, step: str, words: str) -> None:
    text = GOOD.replace(OVERDUE, f"{OVERDUE}\n  - {step}", 1)
    found = refusal(tmp_path, text)
    assert any(line.startswith(f"van-ban.yaml:{line_of(text, step)}: ") and words in line for line in found), found
    own = f"{GOOD}\nladders:\n  - kinds: [central]\n    steps:\n    {OVERDUE}\n      - {step}\n"
    if "remind" not in words and "nhắc hạn" not in words:
        found = refusal(tmp_path, own)
        assert any(line.startswith(f"van-ban.yaml:{line_of(own, step)}: ") and words in line for line in found), found


def test_a_kind_of_agencies_has_one_ladder(tmp_path: Path) -> None:
    one = f"  - kinds: [central]\n    steps:\n    {OVERDUE}\n"
    assert any("đã có bậc đôn đốc riêng" in line for line in refusal(tmp_path, f"{GOOD}\nladders:\n{one}{one}"))


def test_an_obligation_of_an_agency_that_came_later_is_an_impossible_date(tmp_path: Path) -> None:
    text = GOOD.replace("    aliases: [Sông Cả]\n", "    valid_from: 2023-04-18\n", 1)
    assert any("mới thành lập, sau thời hạn" in line for line in refusal(tmp_path, text))


def test_an_agency_cannot_end_before_it_begins_nor_have_heirs_while_it_lives(tmp_path: Path) -> None:
    ends = GOOD.replace("    valid_to: 2023-04-30\n", "    valid_from: 2023-05-01\n    valid_to: 2023-04-30\n", 1)
    assert any("trước khi bắt đầu" in line for line in refusal(tmp_path, ends))
    lives = GOOD.replace("    valid_to: 2023-04-30\n", "", 1)
    assert any("không có valid_to" in line for line in refusal(tmp_path, lives))


def test_all_faults_come_at_once_in_order_of_their_lines(tmp_path: Path) -> None:
    text = (
        GOOD.replace("issuer: so-gtvt", "issuer: so-khac")
        .replace("place: Bình Minh", "plaace: Bình Minh")
        .replace("agencies: [ban-ben-khach]", "agencies: [ban-khac]")
        .replace("day: 2023-04-03", "day: 2023-13-03")
    )
    found = refusal(tmp_path, text)
    lines = [int(line.split(":")[1]) for line in found]
    assert lines == sorted(lines)
    for words in ("so-khac", "plaace", "thiếu khóa “place”", "ban-khac", "2023-13-03"):
        assert any(words in line for line in found), (words, found)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1, 2\nb: 3\n", r"van-ban.yaml:2: không phải YAML"),
        (b"- a\n- b\n", r"van-ban.yaml:1: "),
        (b"", r"van-ban.yaml:1: thiếu khóa “id”"),
        ("id: Đức".encode("cp1258", "replace") + b"\xff", r"không phải UTF-8"),
        (b"a: &x [*x]\n", r"chứa chính nó"),
    ],
)
def test_what_is_no_directive_at_all_is_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "van-ban.yaml"
    path.write_bytes(content)
    with pytest.raises(Problem, match=words):
        load(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="Không đọc được"):
        load(tmp_path / "khong-co.yaml")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "van-ban.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert load(path).number == "118/SGTVT-HT"
    path.write_text(GOOD.replace("118/SGTVT-HT", "119/SGTVT-HT"), encoding="utf-8")
    assert load(path).number == "119/SGTVT-HT"


def test_the_other_directive_is_as_written(other_directive: Directive) -> None:
    assert [(d.agency, d.short, d.due_before) for d in other_directive.obligations] == [
        ("ubnd-huyen-song-ca", "ferry/form_03", date(2023, 4, 18)),
        ("ubnd-huyen-nui-do", "ferry/form_03", date(2023, 4, 18)),
        ("ubnd-huyen-song-ca", "ferry/focal_letter", date(2023, 4, 18)),
    ]
    assert [d.short for d in other_directive.milestones] == ["ferry/connection"]
