"""What came out, in a few lines for a person."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import select

from dondoc.cameras.measured.findings import findings
from dondoc.cameras.measured.told import told
from dondoc.cameras.registry import addresses
from dondoc.cameras.state import current, doubts
from dondoc.configuration.context import AppContext
from dondoc.documents.words import camera_line
from dondoc.facts import obligations
from dondoc.intake.verdicts import newest_verdict
from dondoc.probing.verdicts import SENTENCE
from dondoc.store.cameras import Camera, CameraCheck, Outage
from dondoc.store.intake import Submission
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Report
from dondoc.vocabulary.cameras import Exemption
from dondoc.vocabulary.code import Code
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.numbers import CAM
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reasons import said
from dondoc.vocabulary.submissions import Outcome

# What some cameras show, by how they behave.
SHOWN = {
    "damaged": "gửi hình H.265 thiếu dữ liệu, gói nào cũng tới đủ: không được coi là tốt",
    "smart": "“smart codec”, 20 giây mới có một khung khóa: được chờ lâu hơn, giữ phiên xem",
    "recorder-stopped": "hình tốt, nhưng đầu ghi đã ngừng ghi 09 ngày",
    "wrong-clock": "hình tốt, nhưng đồng hồ chậm 03 giờ",
    "pink": "giữa ban ngày hình ngả màu hồng: chỉ là nghi vấn, không tính là mất kết nối",
    "unknown-codec": "07 ngày liền không dựng được hình: không tính cho đơn vị nào, người vận hành được báo bằng thư",
}
LOOK: dict[str, str] = {**SENTENCE, **{one: one.label for one in Exemption}, "ok": "có hình tốt"}


def lines(app: AppContext, now: datetime) -> Iterator[str]:
    """The summary's lines; codes in brackets are those of the `dondoc` command."""
    yield _line("Bản nộp", submissions(app), _labels(Outcome))
    for title, counts in duties(app, now).items():
        yield _line(f"Nhiệm vụ có thời hạn theo văn bản “{title}”", counts, _labels(Status))
    yield _line("Camera", cameras(app), LOOK)
    with app.sessions.reading() as session:
        yield f"    {camera_line(current.overview(app, session, now).counts)}"
    yield "Camera minh họa:"
    yield from (f"    {line}" for line in shown(app, now))
    yield _line("Thư", letters(app), _labels(OutboxState))
    with app.sessions.reading() as session:
        outages = len(session.scalars(select(Outage.id).where(Outage.closed_at.is_(None))).all())
        folders = {report.directive: report.folder for report in session.scalars(select(Report).order_by(Report.id))}
    yield f"Sự cố chưa khắc phục: {outages}"
    yield from (f"Báo cáo tuần: {folder}/report.docx" for folder in folders.values())
    if not folders:
        yield "Báo cáo tuần: chưa có"


def _labels(codes: type[Code]) -> dict[str, str]:
    return {code: code.label for code in codes}


def _line(title: str, counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    parts = (f"\n    {count:>3}  {words.get(code, code)} [{code}]" for code, count in counts.items())
    return f"{title}: {sum(counts.values())}" + "".join(parts)


def submissions(app: AppContext) -> Counter[str]:
    """Submissions by the outcome that counts."""
    with app.sessions.reading() as session:
        verdicts = [newest_verdict(session, number) for number in session.scalars(select(Submission.id))]
    return Counter(verdict.outcome if verdict else Outcome.WAITING for verdict in verdicts)


def duties(app: AppContext, now: datetime) -> dict[str, Counter[str]]:
    """Dated obligations by status, for each directive."""
    with app.sessions.reading() as session:
        counts = {letter.id: Counter[str]() for letter in app.letters(session, now.date())}
        for standing in obligations.at(app, session, now):
            if standing.duty.due_before:
                counts[standing.duty.directive][standing.status] += 1
    return counts


def cameras(app: AppContext) -> Counter[str]:
    """Cameras by their newest verdict."""
    with app.sessions.reading() as session:
        checks = session.scalars(select(CameraCheck).order_by(CameraCheck.happened_at, CameraCheck.id))
        newest = {check.camera_id: check.verdict for check in checks}
        known = session.scalars(select(Camera)).all()
    return Counter(newest.get(camera.id, camera.exemption or "chưa kiểm tra") for camera in known)


def shown(app: AppContext, now: datetime) -> Iterator[str]:
    """Of each camera of SHOWN: its number, what it is like, and what was found of it."""
    with app.sessions.reading() as session:
        closely, known = told(app, session, now), session.scalars(select(Camera).order_by(Camera.id)).all()
        checks = session.scalars(select(CameraCheck).order_by(CameraCheck.happened_at, CameraCheck.id))
        newest = {check.camera_id: f"{check.detail} [{check.verdict}]" for check in checks}
        urls = {camera.id: addresses.read(camera, app.secrets).url or "" for camera in known}
        doubted = {doubt.camera: doubt.advice for doubt in doubts.doubts(session, now)}
    for camera in known:
        words = next((words for behaviour, words in SHOWN.items() if f"/{behaviour}/" in urls[camera.id]), None)
        its = closely.get(camera.id)
        found = [said(reason) for one in its.measured for reason in findings(its.declared, one)] if its else []
        if words:
            seen = "; ".join([newest.get(camera.id, "chưa kiểm tra"), *found, *filter(None, (doubted.get(camera.id),))])
            yield f"{CAM(camera.id)} ({app.registry.agency(camera.agency).short}): {words}\n        → {seen}"


def letters(app: AppContext) -> Counter[str]:
    """Letters by state."""
    with app.sessions.reading() as session:
        return Counter(session.scalars(select(OutboxLetter.state)))
