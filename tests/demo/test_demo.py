"""The demo itself, as a newcomer starts it: a real Airflow, real mail, real cameras."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.whole_airflow


def left_behind(home: Path) -> list[str]:
    """Processes that live in a demo's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and str(home) in process.environ().get("AIRFLOW_HOME", ""):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dondoc.demo", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.timeout(420)
def test_once_the_four_dags_run_green_and_nothing_is_left(tmp_path: Path) -> None:
    demo = start(tmp_path, "--once")
    said, _ = demo.communicate(timeout=400)
    assert demo.returncode == 0, said
    dags = ("gather_survey_submissions", "check_camera_reachability", "escalate_overdue_agencies")
    assert all(f"{dag}: xong" in said for dag in (*dags, "weekly_status_report")), said
    answers = re.findall(r"người duyệt của bản thử \(duyet\.demo\) đã duyệt", said)
    assert len(answers) == 3, "the decisions, and the report of each letter"
    for code in ("accepted", "accepted_with_warnings", "returned", "duplicate", "waiting", "refused", "sent"):
        assert f"[{code}]" in said, code
    for verdict in (
        "ok",
        "black",
        "frozen",
        "covered",
        "auth_failed",
        "not_found",
        "not_rtsp",
        "rtsp_timeout",
        "connection_refused",
        "decode_failed",
        "not_decodable",
    ):
        assert f"[{verdict}]" in said, verdict
    for shown in (
        "khung khóa thưa",
        "không thấy bản ghi mới",
        "đồng hồ của thiết bị chậm 03 giờ",
        "vẫn ngả màu thì gọi đơn vị lắp đặt, bảo trì kiểm tra kính lọc hồng ngoại",
    ):
        assert shown in said, shown
    assert "[held]" not in said
    drawn = re.findall(r"Báo cáo tuần: (\S+)", said)
    assert len(drawn) == len(re.findall("theo văn bản “", said)) == 2, "two letters"
    assert all(Path(one).read_bytes().startswith(b"PK") for one in drawn)
    assert left_behind(tmp_path) == []
    with sqlite3.connect(tmp_path / ".demo" / "dondoc" / "dondoc.db") as database:
        approvers = database.execute(
            "select distinct approved_by from outbox where state = 'sent' and needs_approval"
        ).fetchall()
        [unjudged] = database.execute("select text from outbox where dedup_key like '%|internal|unjudged|%'").fetchall()
        doors = database.execute("select distinct login, channel from approvals").fetchall()
    assert "CAM-00006 Quầy một cửa 1 (Can Lộc): 07 đêm liền" in unjudged[0]
    assert (approvers, doors) == ([("Trưởng phòng CNTT",)], [("duyet.demo", "airflow")])


def test_an_interruption_while_airflow_starts_leaves_nothing(tmp_path: Path) -> None:
    demo = start(tmp_path)
    assert demo.stdout is not None
    while "Khởi động Airflow" not in demo.stdout.readline():
        assert demo.poll() is None
    time.sleep(4)
    assert left_behind(tmp_path)
    demo.send_signal(signal.SIGINT)
    said, _ = demo.communicate(timeout=120)
    assert (demo.returncode, left_behind(tmp_path)) == (0, [])
    assert "không còn tiến trình nào" in said


def test_a_folder_that_is_not_a_demos_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "luan-van.docx").write_text("mười năm")
    demo = start(tmp_path, "--once")
    said, _ = demo.communicate(timeout=120)
    assert demo.returncode == 2
    assert "không phải thư mục của bản thử" in said
    assert "Traceback" not in said
