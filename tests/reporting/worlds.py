"""Weeks that a deputy director could have to sign, by name: what is said of each must be true of it. No database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from dondoc.configuration.settings import DATA
from dondoc.directive.load import load
from dondoc.directive.model import Directive
from dondoc.reporting.figures.model import (
    Agencies,
    AgencyWord,
    Backlog,
    Cameras,
    Chase,
    Declared,
    Earlier,
    Figures,
    LateAgency,
    LateDuty,
    Lost,
    Progress,
    Proposal,
    Relief,
    SystemCameras,
    SystemProgress,
    TaskLine,
    Texts,
)
from dondoc.vocabulary.agencies import AgencyKind
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reports import Ask, DutyColumn, Task
from dondoc.vocabulary.rulings import RulingKind
from tests.conftest import at
from tests.reporting.samples import LONG, SYSTEMS, contents

THURSDAY = at(25, 17)
DISTRICTS = tuple(
    f"UBND {name}"
    for name in (
        "huyện Lộc Hà",
        "huyện Vũ Quang",
        "huyện Hương Sơn",
        "thị xã Kỳ Anh",
        "huyện Nghi Xuân",
        "huyện Can Lộc",
        "huyện Đức Thọ",
        "huyện Cẩm Xuyên",
    )
)
CENTRAL = ("Công an tỉnh", "Cục Hải quan tỉnh", "Cảng vụ Hàng hải Hà Tĩnh")


@dataclass(frozen=True)
class World:
    """A week: of which letter, and its figures."""

    letter: Directive
    figures: Figures


@cache
def first_letter() -> Directive:
    return load(DATA / "directives" / "stttt-cntt-2021-11.yaml")


@cache
def second_letter() -> Directive:
    """Without cameras, without words of its own for the report."""
    return load(DATA / "dondoc" / "demo" / "second_letter.yaml", load(first_path()).registry)


def first_path() -> Path:
    return DATA / "directives" / "stttt-cntt-2021-11.yaml"


def duty(days: int = 3, form: str = "form_03", status: Status = Status.OVERDUE, **more: Any) -> LateDuty:
    named = {"form_03": "Biểu mẫu 03", "form_02": "Biểu mẫu 02", "form_04": "Biểu mẫu 04"}
    words = f"{named.get(form, 'Văn bản cử cán bộ đầu mối')} (Khu, điểm du lịch)"
    plain = {"agency": "a", "name": "A", "system": "tourism", "system_name": "Khu, điểm du lịch"}
    fields = {"deliverable": form, "what": words, "due_before": date(2021, 11, 20), "status": status}
    return LateDuty(**{**plain, **fields, "working_days_late": days, **more})


def late(
    name: str,
    *duties: LateDuty,
    kind: AgencyKind = AgencyKind.DISTRICT,
    chased: Chase | None = None,
    word: AgencyWord | None = None,
    answer_by: date | None = None,
) -> LateAgency:
    sent = chased.answer_by if chased else None
    return LateAgency(
        agency=name,
        name=name,
        kind=kind,
        duties=duties or (duty(),),
        letters_sent=2 if chased else 0,
        chased=chased,
        word=word,
        answer_by=answer_by or sent,
    )


HEAD = Chase(on=date(2021, 11, 25), title="thông báo quá hạn lần 2", to_head=True, answer_by=date(2021, 11, 30))
OFFICER = Chase(on=date(2021, 11, 22), title="thông báo quá hạn lần 1", to_head=False, answer_by=date(2021, 11, 24))


def nine() -> tuple[LateAgency, ...]:
    """As on 25/11/2021: six districts and three central agencies, with whatever can be said of them."""
    focal = duty(4, "focal_letter")
    returned = duty(4, status=Status.RETURNED, received_on=date(2021, 11, 23), faults=4)
    review = duty(4, status=Status.UNDER_REVIEW, received_on=date(2021, 11, 25))
    promise = AgencyWord(on=date(2021, 11, 24), reason="cán bộ phụ trách đi chống dịch.", until=date(2021, 11, 29))
    reason = AgencyWord(on=date(2021, 11, 24), reason="đang xin ý kiến ngành dọc", until=None)
    districts = (
        late(DISTRICTS[0], focal, duty(4), chased=HEAD),
        late(DISTRICTS[1], focal, duty(4), chased=HEAD, word=promise),
        late(DISTRICTS[2], returned, chased=OFFICER),
        late(DISTRICTS[3], focal, review, chased=HEAD),
        late(DISTRICTS[4], focal, duty(4, paused=True), chased=HEAD),
        late(DISTRICTS[5], duty(4), chased=HEAD),
    )
    central = [
        late(
            name,
            duty(4, form),
            *((focal,) if form == "form_02" else ()),
            kind=AgencyKind.CENTRAL,
            chased=OFFICER,
            word=reason if form == "form_02" else None,
        )
        for name, form in zip(CENTRAL, ("form_02", "form_04", "form_04"), strict=True)
    ]
    return (*districts, *central)


def twelve() -> tuple[LateAgency, ...]:
    """As many as the letter of 2021 can have within two pages: eighteen things."""
    more = (
        late(DISTRICTS[6], duty(4, "focal_letter"), chased=HEAD),
        late(DISTRICTS[7], duty(4, "focal_letter"), duty(4), chased=HEAD),
        late("Sở Nông nghiệp và Phát triển nông thôn", duty(4), kind=AgencyKind.DEPARTMENT, chased=OFFICER),
    )
    return (*nine(), *more)


def counted(columns: Sequence[DutyColumn], **more: int) -> dict[str, int]:
    count = {str(column): columns.count(column) for column in DutyColumn}
    return {**count, "owed": len(columns), **more}


def shared(cameras: dict[str, int]) -> tuple[SystemCameras, ...]:
    """Three systems share them."""
    made = []
    for i, (system, name) in enumerate((SYSTEMS[0], SYSTEMS[2], SYSTEMS[4])):
        mine = {column: count // 3 + (i < count % 3) for column, count in cameras.items()}
        if declared := sum(mine.values()):
            made.append(SystemCameras(system=system, name=name, declared=declared, **mine))
    return tuple(made)


def week(
    *,
    on_time: int = 0,
    done_late: int = 0,
    under_review: int = 0,
    returned: int = 0,
    overdue: int = 0,
    not_due: int = 0,
    agencies: tuple[LateAgency, ...] = (),
    done: int = 0,
    asked: int = 17,
    before: int | None = None,
    waived: int = 0,
    reassign: int = 0,
    cameras: dict[str, int] | None = None,
    before_cameras: dict[str, int] | None = None,
    as_of: datetime = THURSDAY,
    **other: Any,
) -> Figures:
    """Figures whose parts agree. `before`: how many were done a week before; `cameras`: None, the letter has none."""
    counts = (on_time, done_late, under_review, returned, overdue, not_due)
    columns = [column for column, count in zip(DutyColumn, counts, strict=True) for _ in range(count)]
    by_system: dict[str, list[DutyColumn]] = {system: [] for system, _ in SYSTEMS}
    for column, system in zip(columns, cycle(by_system), strict=False):
        by_system[system].append(column)
    tardy = sum(len(agency.duties) for agency in agencies)
    seen = Cameras(declared=sum((cameras or {}).values()), **(cameras or {}))
    owed, due = len(columns), len(columns) - not_due
    total = Progress(
        **counted(columns, due=due, due_done=on_time + done_late, late=tardy, waived=waived, reassign=reassign)
    )
    earlier = None
    if before is not None:
        earlier = Earlier(
            as_of=as_of - timedelta(days=7),
            headline=Progress(owed=owed, on_time=before, overdue=owed - before),
            systems=tuple(
                SystemProgress(system=system, name=name, owed=len(its), not_due=len(its))
                for (system, name), its in zip(SYSTEMS, by_system.values(), strict=True)
            ),
            cameras=Cameras(declared=sum((before_cameras or {}).values()), **(before_cameras or {})),
        )
    fields: dict[str, Any] = {
        "directive": first_letter().id,
        "as_of": as_of,
        "surveys": cameras is not None,
        "headline": total,
        "since": earlier,
        "systems": tuple(
            SystemProgress(system=system, name=name, **counted(by_system[system]))
            for system, name in SYSTEMS
            if by_system[system] or waived
        ),
        "agencies": Agencies(asked=asked, done=done, late=len(agencies)),
        "late_agencies": agencies,
        "cameras_total": seen,
        "cameras_by_system": shared(cameras or {}),
        "backlog": Backlog(duties=under_review, oldest=date(2021, 11, 22), by=date(2021, 11, 29))
        if under_review
        else Backlog(),
        "tasks": tuple(
            line
            for line in (
                TaskLine(task=Task.REVIEW, count=under_review - reassign, by=date(2021, 11, 29)),
                TaskLine(task=Task.REASSIGN, count=reassign, by=as_of.date() + timedelta(days=4)),
                TaskLine(task=Task.ACCOUNTS, count=seen.awaiting_account),
                TaskLine(task=Task.CAMERAS, count=seen.unchecked + seen.no_answer + seen.bad_picture),
            )
            if line.count
        ),
    }
    return Figures(**{**fields, **other})


TWENTY_FIVE = {"showing": 12, "awaiting_account": 3, "bad_picture": 4, "no_answer": 4, "unchecked": 2}
TEN = {"showing": 5, "unchecked": 5}
EXTENDED = Relief(
    kind=RulingKind.EXTEND,
    agencies=("UBND huyện Hương Khê",),
    what="",
    until=date(2021, 11, 30),
    document="Công văn số 1905/UBND-VP ngày 18/11/2021",
    reason="khắc phục hậu quả mưa lũ",
)
PAUSED = Relief(
    kind=RulingKind.PAUSE, agencies=(DISTRICTS[4],), what="", until=date(2021, 12, 5), document="", reason="chống bão"
)
WAIVED = Relief(
    kind=RulingKind.WAIVE,
    agencies=("UBND thị xã Hồng Lĩnh",),
    what="Biểu mẫu 03",
    until=None,
    document="Văn bản số 9/VB ngày 17/11/2021",
    reason="không có điểm du lịch",
)
LOST = tuple(
    Lost(
        number=f"CAM-{i:05}",
        agency="a",
        name="UBND thị xã Hồng Lĩnh",
        place="Trung tâm Hành chính công",
        camera=camera,
        verdict=verdict,
        since=date(2021, 11, 23),
        letter_on=date(2021, 11, 25),
    )
    for i, (camera, verdict) in enumerate((("Sảnh chờ", "black"), ("Cổng chính", "frozen"), *[("Bãi xe", "black")] * 3))
)
ASK_CENTRAL = Proposal(
    ask=Ask.SUPERIOR_LETTER, kind=AgencyKind.CENTRAL, agencies=CENTRAL, by=date(2021, 12, 3), week=48
)
CHASE = Proposal(ask=Ask.KEEP_CHASING, kind=AgencyKind.DISTRICT, agencies=DISTRICTS[:6], by=date(2021, 11, 30), week=48)
REMIND = Proposal(ask=Ask.REMINDER, kind=AgencyKind.DISTRICT, agencies=DISTRICTS[:2], by=date(2021, 12, 2), week=48)
CHASE_CENTRAL = CHASE.model_copy(update={"kind": AgencyKind.CENTRAL, "agencies": CENTRAL[:1]})


def the_week(**other: Any) -> Figures:
    """The week of the office's own example: 14 of 30 done, 9 agencies late."""
    fields: dict[str, Any] = {
        "on_time": 11,
        "done_late": 3,
        "under_review": 3,
        "returned": 1,
        "overdue": 12,
        "agencies": nine(),
        "done": 7,
        "before": 6,
        "cameras": TWENTY_FIVE,
        "before_cameras": TEN,
        "relief": (EXTENDED,),
        "declared": Declared(retention=24, kept=18, resolutions={"1080p (2MP)": 20, "4K (8MP)": 4}),
        "lost": LOST[:2],
        "proposals": (ASK_CENTRAL, CHASE),
        "without_picture": {"login_missing": 3, "network": 4, "picture": 4},
        "unchecked": {"no_address": 2},
        "tasks": (
            TaskLine(task=Task.REVIEW, count=3, by=date(2021, 11, 29)),
            TaskLine(task=Task.TALK, count=8, by=date(2021, 11, 30)),
            TaskLine(task=Task.ACCOUNTS, count=3),
        ),
    }
    return week(**{**fields, **other})


def _many(count: int, *, long: bool = False) -> tuple[LateAgency, ...]:
    kinds = islice(cycle((AgencyKind.DISTRICT, AgencyKind.DISTRICT, AgencyKind.DEPARTMENT, AgencyKind.CENTRAL)), count)
    name = LONG if long else "UBND xã Số"
    return tuple(late(f"{name} {i:02}", kind=kind, chased=HEAD) for i, kind in enumerate(kinds, 1))


@cache
def worlds() -> dict[str, World]:
    """By name. The first letter's, but where it says otherwise."""
    one, two = first_letter(), second_letter()
    later = at(6, 17, month=3, year=2025)
    central = tuple(a for a in nine() if a.kind is AgencyKind.CENTRAL)
    heirs = tuple(
        late(
            "UBND huyện Thạch Hà",
            duty(830),
            duty(830).model_copy(update={"former": "UBND huyện Lộc Hà"}),
            chased=HEAD,
        )
        for _ in range(1)
    )
    issued = the_week().since
    assert issued is not None
    made = {
        "the week": the_week(),
        "nothing due yet": week(not_due=30, before=0, cameras={}),
        "nothing due yet, some done": week(on_time=5, not_due=25, done=2, before=2, cameras={"unchecked": 7}),
        "nothing sent": week(overdue=30, agencies=_many(17), before=0, cameras={}),
        "nothing late": week(
            on_time=20, under_review=4, not_due=6, done=11, before=15, cameras=TWENTY_FIVE, before_cameras=TEN
        ),
        "all done": week(
            on_time=28, done_late=2, done=17, before=26, cameras={"showing": 25}, before_cameras={"showing": 25}
        ),
        "all done, nothing new": week(
            on_time=30, done=17, before=30, cameras={"showing": 1}, before_cameras={"showing": 1}
        ),
        "one done of one": week(on_time=1, done=1, asked=1, before=0, cameras={}),
        "one open of one": week(not_due=1, asked=1, before=0, cameras={}),
        "one late": week(
            on_time=29,
            overdue=1,
            agencies=(late(DISTRICTS[0], chased=HEAD),),
            done=16,
            before=29,
            cameras={"showing": 24, "no_answer": 1},
            before_cameras={"showing": 25},
            proposals=(CHASE.model_copy(update={"agencies": DISTRICTS[:1]}),),
        ),
        "two late": week(
            on_time=28,
            overdue=2,
            agencies=(late(DISTRICTS[0]), late(DISTRICTS[1], duty(0))),
            done=15,
            before=29,
            cameras={"showing": 3},
            proposals=(REMIND,),
        ),
        "twelve late": the_week(
            on_time=7,
            agencies=twelve(),
            overdue=16,
            proposals=(ASK_CENTRAL, CHASE.model_copy(update={"agencies": DISTRICTS})),
        ),
        "fourteen late": the_week(agencies=_many(14), overdue=12),
        "fifteen late": the_week(agencies=_many(15), overdue=12),
        "forty late": the_week(
            agencies=_many(40),
            overdue=40,
            proposals=(
                ASK_CENTRAL.model_copy(
                    update={"agencies": tuple(a.name for a in _many(40) if a.kind is AgencyKind.CENTRAL)}
                ),
                CHASE.model_copy(
                    update={"agencies": tuple(a.name for a in _many(40) if a.kind is AgencyKind.DISTRICT)}
                ),
            ),
        ),
        "forty late, long names": the_week(agencies=_many(40, long=True), overdue=40),
        "twelve late, long names": the_week(agencies=_many(12, long=True), overdue=10),
        "all ours": week(
            on_time=20, under_review=10, done=10, before=18, cameras=TWENTY_FIVE, before_cameras=TWENTY_FIVE
        ),
        "one ours": week(on_time=29, under_review=1, done=16, before=29, cameras={"showing": 2}),
        "all returned in time": week(returned=3, on_time=1, asked=4, done=1, before=1, cameras={}),
        "late, and all with us": week(
            on_time=28,
            under_review=2,
            done=15,
            before=28,
            cameras={"showing": 9},
            agencies=(
                late(DISTRICTS[0], duty(2, status=Status.UNDER_REVIEW, received_on=date(2021, 11, 24))),
                late(DISTRICTS[1], duty(2, status=Status.UNDER_REVIEW, received_on=date(2021, 11, 25))),
            ),
        ),
        "paused": week(
            on_time=29,
            overdue=1,
            agencies=(late(DISTRICTS[4], duty(4, paused=True)),),
            done=16,
            before=29,
            cameras={"showing": 9},
            relief=(PAUSED,),
        ),
        "extended": week(on_time=28, not_due=2, done=15, before=20, cameras={"showing": 9}, relief=(EXTENDED,)),
        "every relief": the_week(relief=(EXTENDED, PAUSED, WAIVED), waived=1),
        "waived": week(on_time=29, done=16, before=20, waived=1, cameras={"showing": 9}, relief=(WAIVED,)),
        "all waived": week(waived=30, asked=0, cameras={}, before=0),
        "nothing asked": week(asked=0, cameras={}),
        "central only": week(
            on_time=24, overdue=6, agencies=central, done=14, before=20, cameras=TWENTY_FIVE, proposals=(ASK_CENTRAL,)
        ),
        "central, still time": week(
            on_time=28,
            overdue=2,
            agencies=central[:1],
            done=16,
            before=20,
            cameras=TWENTY_FIVE,
            proposals=(CHASE_CENTRAL,),
        ),
        "reminder": the_week(proposals=(ASK_CENTRAL, REMIND, CHASE.model_copy(update={"agencies": DISTRICTS[2:6]}))),
        "fewer done": week(
            on_time=20,
            overdue=10,
            agencies=nine()[:5],
            done=9,
            before=22,
            cameras={"showing": 3},
            before_cameras={"showing": 4},
        ),
        "same as before": week(
            on_time=20, overdue=10, agencies=nine()[:5], done=9, before=20, cameras=TEN, before_cameras=TEN
        ),
        "since an issued report": the_week(
            since=issued.model_copy(update={"number": "05/BC-STTTT", "issued_on": date(2021, 11, 19)})
        ),
        "nothing to compare with": the_week(since=None),
        "no cameras declared": week(
            on_time=14, overdue=16, agencies=nine(), done=7, before=6, cameras={}, proposals=(ASK_CENTRAL,)
        ),
        "one camera": week(
            on_time=14, overdue=16, agencies=nine(), done=7, before=6, cameras={"showing": 1}, before_cameras={}
        ),
        "no camera shows": week(
            on_time=14, overdue=16, agencies=nine(), done=7, before=6, cameras={"no_answer": 3, "unchecked": 4}
        ),
        "cameras unchecked": week(on_time=30, done=17, before=6, cameras={"unchecked": 4}, unchecked={"new": 4}),
        "all cameras lost": the_week(lost=LOST, cameras={"bad_picture": 25}, before_cameras={"showing": 25}),
        "lost, not told": the_week(lost=tuple(one.model_copy(update={"letter_on": None}) for one in LOST[:1])),
        "lost, some told": the_week(lost=(LOST[0], LOST[1].model_copy(update={"letter_on": None}))),
        "2025": week(
            on_time=25,
            overdue=2,
            under_review=3,
            reassign=3,
            agencies=heirs,
            asked=13,
            done=9,
            before=25,
            cameras={"showing": 9},
            before_cameras={"showing": 9},
            as_of=later,
        ),
        "unconfirmed calendar": the_week(unconfirmed_calendar=True),
        "numbers over a thousand": the_week(
            cameras={"showing": 8_950, "no_answer": 1_050}, before_cameras={"showing": 7_000}
        ),
    }
    typed = Texts(
        causes="Mưa lũ kéo dài.\nMột số đơn vị thay cán bộ đầu mối",
        tasks="Tổ chức họp trực tuyến ngày 29/11/2021.",
        proposals="1. Đề nghị UBND tỉnh bố trí kinh phí.\n2. Đề nghị UBND tỉnh có văn bản gửi Công an tỉnh.",
    )
    plain = {name: World(one, figures) for name, figures in made.items()}
    second = {
        "second letter": World(
            two,
            week(
                on_time=3,
                not_due=10,
                overdue=2,
                agencies=(
                    late(
                        "UBND huyện Can Lộc",
                        duty(
                            1,
                            "file",
                            text="Danh sách cán bộ tham gia tập huấn",
                            what="Danh sách cán bộ tham gia tập huấn",
                        ),
                        duty(1, "letter", text="Báo cáo tình hình khai thác camera", period="2021-11"),
                        chased=OFFICER,
                    ),
                ),
                asked=4,
                done=1,
                before=0,
            ),
        ),
        "second letter, all done": World(two, week(on_time=15, asked=4, done=4, before=10)),
        "second letter, nothing due": World(two, week(not_due=15, asked=4)),
    }
    return {**plain, **second, "typed": World(one, the_week(texts=typed)), "sample": World(one, contents().figures)}
