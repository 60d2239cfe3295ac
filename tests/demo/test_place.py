"""The demo wipes its own folder and nobody else's."""

import socket
from pathlib import Path

import pytest

from dondoc.demo import place
from dondoc.demo.fleet import Fleet
from dondoc.errors import Problem


def test_a_second_demo_begins_in_an_empty_folder(tmp_path: Path) -> None:
    home = tmp_path / ".demo"
    with place.claim(home):
        (home / "dondoc" / "drop").mkdir(parents=True)
        (home / "dondoc" / "drop" / "cu.xlsx").write_text("cũ")
    with place.claim(home):
        assert [path.name for path in home.iterdir()] == [place.MARK]


def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "luan-van.docx").write_text("mười năm")
    with pytest.raises(Problem, match="không phải thư mục của bản thử"):
        place.claim(tmp_path)
    assert (tmp_path / "luan-van.docx").read_text() == "mười năm"


def test_a_file_or_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    for name in ("file", "link"):
        with pytest.raises(Problem):
            place.claim(tmp_path / name)


def test_what_a_link_inside_points_to_survives_the_wiping(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "letter").write_text("x")
    home = tmp_path / ".demo"
    with place.claim(home):
        (home / "link").symlink_to(tmp_path / "theirs")
    with place.claim(home):
        assert not (home / "link").exists()
    assert (tmp_path / "theirs" / "letter").exists()


def test_a_demo_that_still_runs_is_not_wiped(tmp_path: Path) -> None:
    home = tmp_path / ".demo"
    with place.claim(home):
        (home / "data").write_text("x")
        with pytest.raises(Problem, match="đang chạy"):
            place.claim(home)
        assert (home / "data").exists()


@pytest.mark.slow
def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind((place.HOST, place.port(20_000)))
        taken.listen()
        found = place.port(taken.getsockname()[1])
    assert taken != found
    assert found <= place.HIGHEST


def test_no_port_is_taken_from_those_of_the_system() -> None:
    with pytest.raises(Problem, match="cổng"):
        place.port(place.HIGHEST)


@pytest.mark.slow
def test_a_second_demo_does_not_answer_where_a_camera_of_the_first_refuses() -> None:
    with Fleet(refusing_port=place.port(8700)) as first:
        assert place.port(first.refusing_port) != first.refusing_port
