"""Figures of made-up weeks of any size, for what is drawn of them. No database: `compute` is tested elsewhere."""

from datetime import date, timedelta
from typing import Any

from dondoc.reporting.figures.compute import Contents
from dondoc.reporting.figures.model import (
    Agencies,
    AgencyCameras,
    AgencyWord,
    Backlog,
    CameraRow,
    Cameras,
    Chase,
    DutyRow,
    Earlier,
    Figures,
    FindingRow,
    LateAgency,
    LateDuty,
    Lost,
    Progress,
    Proposal,
    Relief,
    SystemCameras,
    SystemProgress,
    TaskLine,
)
from dondoc.vocabulary.agencies import AgencyKind
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reports import Ask, CameraColumn, DutyColumn, Task
from dondoc.vocabulary.rulings import RulingKind
from tests.conftest import at

LETTER, THURSDAY = "stttt-cntt-2021-11", at(25, 17)
TODAY = THURSDAY.date()
SYSTEMS = (
    ("public_admin_centre", "Trung tâm Hành chính công cấp huyện"),
    ("security_traffic", "An ninh, giao thông"),
    ("tourism", "Khu, điểm du lịch"),
    ("port_border", "Cảng vụ, cửa khẩu"),
    ("reservoir", "Hồ, đập thủy lợi"),
)
COLUMN = {
    DutyColumn.ON_TIME: Status.FULFILLED,
    DutyColumn.DONE_LATE: Status.FULFILLED_LATE,
    DutyColumn.UNDER_REVIEW: Status.UNDER_REVIEW,
    DutyColumn.RETURNED: Status.RETURNED,
    DutyColumn.OVERDUE: Status.OVERDUE,
    DutyColumn.NOT_DUE: Status.NOT_DUE,
}
LONG = "Ban Quản lý Khu di tích lịch sử văn hóa và danh lam thắng cảnh liên huyện số"


def _agency(number: int, long: bool) -> str:
    return f"{LONG} {number:02}" if long else f"UBND huyện Số {number:02}"


def _finding(of: CameraRow) -> FindingRow:
    told = {"subject": "Lưu trữ", "finding": "khai lưu 30 ngày, chỉ xem lại được 12 ngày gần nhất", "on": TODAY}
    return FindingRow(**of.model_dump(include={*FindingRow.model_fields}) | told)


def _duty(number: int, agency: str, name: str, column: DutyColumn) -> DutyRow:
    system, title = SYSTEMS[number % len(SYSTEMS)]
    due = TODAY + timedelta(days=10 if column is DutyColumn.NOT_DUE else -5)
    late = column in (DutyColumn.OVERDUE, DutyColumn.RETURNED, DutyColumn.DONE_LATE)
    return DutyRow(
        id=f"{LETTER}:{system}/form_03@{number}",
        agency=agency,
        name=name,
        system=system,
        system_name=title,
        deliverable="form_03",
        period=None,
        what=f"Biểu mẫu 03 ({title})",
        due_before=due,
        last_day=due - timedelta(days=1),
        column=column,
        status=COLUMN[column],
        working_days_late=4 if late else 0,
        received_on=None if column in (DutyColumn.OVERDUE, DutyColumn.NOT_DUE) else TODAY - timedelta(days=3),
        reason="thử",
    )


def _progress(rows: list[DutyRow]) -> dict[str, int]:
    columns = {str(c): sum(r.column is c for r in rows) for c in DutyColumn}
    due = [r for r in rows if r.last_day < TODAY]
    done = (DutyColumn.ON_TIME, DutyColumn.DONE_LATE)
    late = (DutyColumn.OVERDUE, DutyColumn.RETURNED)
    return {
        **columns,
        "owed": len(rows),
        "due": len(due),
        "due_done": sum(r.column in done for r in due),
        "late": sum(r.column in late for r in rows),
    }


def _cameras(count: int) -> dict[str, int]:
    bad, refused, silent, unseen = (count // part for part in (8, 10, 9, 12))
    showing = count - bad - refused - silent - unseen
    return {
        "declared": count,
        "showing": showing,
        "awaiting_account": refused,
        "bad_picture": bad,
        "no_answer": silent,
        "unchecked": unseen,
        "sites": max(1, count // 3) if count else 0,
        "checked": count - unseen,
        "not_checked": unseen,
        "reachable": showing + refused + bad,
        "asking": refused,
        "outages": silent,
    }


def _late(number: int, agency: str, name: str, kind: AgencyKind, row: DutyRow) -> LateAgency:
    given = TODAY + timedelta(days=5) if number % 2 else None
    duty = LateDuty(
        id=row.id,
        agency=agency,
        name=name,
        system=row.system,
        system_name=row.system_name,
        deliverable=row.deliverable,
        what=row.what,
        due_before=row.due_before,
        last_day=row.last_day,
        status=Status.RETURNED if row.column is DutyColumn.RETURNED else Status.OVERDUE,
        working_days_late=row.working_days_late,
        received_on=row.received_on,
        faults=4 if row.column is DutyColumn.RETURNED else 0,
        letters_sent=2,
        answer_by=given,
    )
    chase = Chase(on=TODAY - timedelta(days=1), title="thông báo quá hạn lần 2", to_head=True, answer_by=given)
    said = AgencyWord(on=TODAY - timedelta(days=1), reason="đang rà soát lại số liệu", until=None)
    return LateAgency(
        agency=agency,
        name=name,
        kind=kind,
        duties=(duty,),
        letters_sent=2,
        chased=chase,
        answer_by=given,
        word=said if number % 5 == 0 else None,
    )


def contents(
    *,
    late: int = 9,
    done: int = 14,
    not_due: int = 0,
    review: int = 2,
    cameras: int = 25,
    long: bool = False,
    **other: Any,
) -> Contents:
    """A week of `late` agencies with one thing each, `done` things that came, and so on. `other`: fields of Figures."""
    wanted = (
        [DutyColumn.RETURNED if i % 7 == 6 else DutyColumn.OVERDUE for i in range(late)]
        + [DutyColumn.DONE_LATE if i % 6 == 5 else DutyColumn.ON_TIME for i in range(done)]
        + [DutyColumn.UNDER_REVIEW] * review
        + [DutyColumn.NOT_DUE] * not_due
    )
    rows = [_duty(i, f"agency-{i:02}", _agency(i, long), column) for i, column in enumerate(wanted)]
    kinds = (AgencyKind.DISTRICT, AgencyKind.DISTRICT, AgencyKind.CENTRAL, AgencyKind.DEPARTMENT)
    tardy = tuple(_late(i, f"agency-{i:02}", _agency(i, long), kinds[i % 4], rows[i]) for i in range(late))
    total = _cameras(cameras)
    names = lambda kind: tuple(one.name for one in tardy if one.kind is kind)  # noqa: E731
    asks = (
        (Ask.SUPERIOR_LETTER, AgencyKind.CENTRAL, TODAY + timedelta(days=8)),
        (Ask.KEEP_CHASING, AgencyKind.DISTRICT, TODAY + timedelta(days=5)),
    )
    fields: dict[str, Any] = {
        "version": "0.0",
        "directive": LETTER,
        "title": "V/v đôn đốc triển khai tích hợp hệ thống Camera giám sát",
        "as_of": THURSDAY,
        "surveys": cameras > 0,
        "headline": Progress(**_progress(rows)),
        "since": Earlier(
            as_of=at(18, 17),
            headline=Progress(owed=len(rows), on_time=max(0, done - 8), overdue=len(rows) - max(0, done - 8)),
            cameras=Cameras(declared=min(cameras, 10), showing=min(cameras, 5), unchecked=max(0, min(cameras, 10) - 5)),
        ),
        "systems": tuple(
            SystemProgress(system=s, name=n, **_progress([r for r in rows if r.system == s]))
            for s, n in SYSTEMS
            if any(r.system == s for r in rows)
        ),
        "agencies": Agencies(asked=len(rows), done=done, late=late),
        "duties": tuple(rows),
        "late": tuple(d for one in tardy for d in one.duties if d.status is Status.OVERDUE),
        "late_agencies": tardy,
        "relief": (
            Relief(
                kind=RulingKind.EXTEND,
                agencies=("UBND huyện Hương Khê",),
                what="",
                until=date(2021, 11, 30),
                document="Công văn số 1905/UBND-VP ngày 18/11/2021",
                reason="khắc phục hậu quả mưa lũ",
            ),
        ),
        "backlog": Backlog(
            duties=review,
            oldest=TODAY - timedelta(days=3),
            by=TODAY + timedelta(days=4),
            accounts=total["awaiting_account"],
        )
        if review
        else Backlog(accounts=total["awaiting_account"]),
        "cameras": (AgencyCameras(agency="agency-00", name=_agency(0, long), **total),) if cameras else (),
        "cameras_by_system": (SystemCameras(system="tourism", name="Khu, điểm du lịch", **total),) if cameras else (),
        "cameras_total": Cameras(**total),
        "lost": tuple(
            Lost(
                number=f"CAM-{i + 1:05}",
                agency="agency-00",
                name=_agency(0, long),
                place="Trung tâm Hành chính công",
                camera=f"Sảnh chờ {i + 1}",
                verdict="black" if i % 2 else "connect_timeout",
                since=TODAY - timedelta(days=2),
                letter_on=TODAY,
            )
            for i in range(total["outages"])
        ),
        "tasks": tuple(
            line
            for line in (
                TaskLine(task=Task.REVIEW, count=review, by=TODAY + timedelta(days=4)),
                TaskLine(task=Task.TALK, count=late // 2, by=TODAY + timedelta(days=5)),
                TaskLine(task=Task.ACCOUNTS, count=total["awaiting_account"]),
            )
            if line.count
        ),
        "proposals": tuple(
            Proposal(ask=ask, kind=kind, agencies=names(kind), by=by, week=48) for ask, kind, by in asks if names(kind)
        ),
    }
    seen = tuple(
        CameraRow(
            number=f"CAM-{i + 1:05}",
            agency="agency-00",
            name=_agency(0, long),
            system="tourism",
            system_name="Khu, điểm du lịch",
            place=f"Điểm {i // 3}",
            site="Cổng",
            camera=f"Cổng {i}",
            column=column,
            finding="hoạt động tốt",
            since=None,
        )
        for i, column in enumerate(c for c in CameraColumn for _ in range(total[c]))
    )
    return Contents(Figures(**{**fields, **other}), seen, tuple(map(_finding, seen[:3])))
