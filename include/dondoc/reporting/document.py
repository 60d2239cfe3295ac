"""report.docx: a BÁO CÁO in the format of Decree 30/2020/NĐ-CP, Annex I (template 1.4), in the office's own template.

Number and date stay blank: the clerk gives them at issue. The same figures give the same bytes.
"""

from dataclasses import fields
from datetime import date
from pathlib import Path

from dondoc.clock import HERE
from dondoc.directive.model import Directive
from dondoc.documents import template, words
from dondoc.documents.citations import grounds, number, subject
from dondoc.documents.package import Properties
from dondoc.masking import without_addresses
from dondoc.reporting import sentences
from dondoc.reporting.fields import REPORT, Annex, CameraRow, Cameras, Duties, DutyRow, Fields, Late, LateKind, LateRow
from dondoc.reporting.figures.model import Cameras as CameraCounts
from dondoc.reporting.figures.model import Figures, LateAgency, Progress
from dondoc.vocabulary.agencies import AgencyKind
from dondoc.vocabulary.obligations import Status


def document(data: Path, letter: Directive, figures: Figures) -> bytes:
    """The draft report as a .docx file's bytes.

    Args:
        data: the folder that holds reports/bao-cao.docx.

    Raises:
        Problem: the template is missing or cannot be used.
    """
    given = fields_of(letter, figures)
    about = Properties(f"Báo cáo: {given.title}", words.today(letter.registry, letter.issuer, figures.day).name)
    return template.render(template.load(data, REPORT), given, about, figures.as_of)


def fields_of(letter: Directive, figures: Figures) -> Fields:
    """What the template is given."""
    day, registry = figures.day, letter.registry
    ours, above = words.today(registry, letter.issuer, day), words.today(registry, letter.superior, day)
    moment = figures.as_of.astimezone(HERE)
    typed = figures.texts
    return Fields(
        superior_name=above.name.upper(),
        issuer_name=ours.name.upper(),
        symbol=words.report_symbol(letter, day),
        place_and_day=f"{registry.place}, {words.blank_date(day)}",
        title=_title(letter, day),
        period=f"(số liệu đến {moment:%H} giờ {moment:%M} phút ngày {words.short(day)}, tuần {figures.week})",
        addressee=words.full(above.name),
        opening=f"Thực hiện {grounds(letter)}, {ours.name} báo cáo như sau:",
        summary=" ".join(sentences.summary(figures, letter)),
        duties=_duties(figures),
        cameras=_cameras(figures) if figures.surveys else None,
        lateness=sentences.lateness(figures),
        late=_late(figures, day),
        relief=tuple(map(without_addresses, sentences.reliefs(figures))),
        causes=_paragraphs(typed.causes) or tuple(sentences.causes(figures)),
        tasks=_paragraphs(typed.tasks) or tuple(sentences.tasks(figures)),
        proposals=_paragraphs(typed.proposals) or tuple(sentences.proposals(figures, above.short)),
        closing=sentences.closing(figures, ours.name, above.short),
        signer_title=tuple(line.upper() for line in letter.signer_title or ("GIÁM ĐỐC",)),
        signer=(letter.weekly_report.signer or "") if ours.id == letter.issuer else "",
        recipients=("- Như trên;", "- Ban Giám đốc Sở (b/c);", f"- Lưu: {letter.archive}."),
        code=figures.code,
        annex=_annex(letter, day) if _in_annex(figures) else None,
    )


def _paragraphs(typed: str | None) -> tuple[str, ...]:
    """What a person typed, a line a paragraph, each with its end mark."""
    lines = (" ".join(line.split()) for line in (typed or "").splitlines())
    return tuple(line if line[-1] in ".:;!?" else f"{line}." for line in lines if line)


def _title(letter: Directive, day: date) -> str:
    """Trích yếu: the letter's own, else that it is about carrying it out."""
    if letter.weekly_report.title:
        return letter.weekly_report.title
    return f"Kết quả thực hiện {number(letter) or words.about(letter, day)}{subject(letter)}"


def _counts(values: Progress | CameraCounts, names: type) -> dict[str, str]:
    """The numbers of a row that its fields name."""
    given = {one.name: getattr(values, one.name, None) for one in fields(names)}
    return {name: words.plain(value) for name, value in given.items() if isinstance(value, int)}


def _duties(figures: Figures) -> Duties:
    before = {system.system: system for system in figures.since.systems} if figures.since else {}
    rows = [_duty_row(one, before.get(one.system), str(i), one.name) for i, one in enumerate(figures.systems, 1)]
    total = _duty_row(figures.headline, figures.since.headline if figures.since else None, "", "Tổng cộng")
    return Duties(
        title="Bảng 1. Tiến độ gửi các nội dung theo hệ thống",
        change_title=sentences.change_title(figures),
        rows=tuple(rows),
        total=total,
        note=sentences.duty_note(figures),
        remarks=tuple(sentences.duty_remarks(figures)),
    )


def _duty_row(now: Progress, before: Progress | None, number: str, name: str) -> DutyRow:
    change = words.change(now.fulfilled - before.fulfilled) if before else "–"
    counts = _counts(now, DutyRow)
    return DutyRow(number=number, name=name, percent=words.percent(now.percent), change=change, **counts)


def _cameras(figures: Figures) -> Cameras:
    systems = [one for one in figures.cameras_by_system if one.declared]
    return Cameras(
        title="Bảng 2. Camera đã khai theo hệ thống",
        rows=tuple(
            CameraRow(number=str(i), name=one.name, **_counts(one, CameraRow)) for i, one in enumerate(systems, 1)
        ),
        total=CameraRow(number="", name="Tổng cộng", **_counts(figures.cameras_total, CameraRow)),
        note=sentences.CAMERA_NOTE,
        remarks=tuple(map(without_addresses, sentences.camera_remarks(figures))),
    )


def _in_annex(figures: Figures) -> bool:
    return len(figures.late_agencies) > sentences.IN_BODY


def _late(figures: Figures, day: date) -> Late:
    annexed = _in_annex(figures)
    what = "Tổng hợp đơn vị có nội dung quá hạn" if annexed else "Đơn vị có nội dung quá hạn"
    return Late(
        title=f"{sentences.late_table(figures)}. {what}",
        rows=tuple(
            LateRow(str(i), one.name, sentences.late_items(one), without_addresses(sentences.late_state(one, day)))
            for i, one in enumerate(figures.late_agencies, 1)
        ),
        kinds=tuple(_kinds(figures.late_agencies)) if annexed else (),
        note=sentences.LATE_NOTE,
    )


def _kinds(agencies: tuple[LateAgency, ...]) -> list[LateKind]:
    """A row for each kind, in the order of the vocabulary, and their sum."""
    groups = {kind.label: [one for one in agencies if one.kind is kind] for kind in AgencyKind}
    made = [_kind(label[0].upper() + label[1:], its) for label, its in groups.items() if its]
    return [*made, _kind("Tổng cộng", agencies)] if len(made) > 1 else made


def _kind(name: str, agencies: list[LateAgency] | tuple[LateAgency, ...]) -> LateKind:
    duties = [duty for one in agencies for duty in one.duties]
    of = [sum(d.status is status for d in duties) for status in (Status.OVERDUE, Status.RETURNED, Status.UNDER_REVIEW)]
    numbers = (len(agencies), len(duties), *of, max(one.days for one in agencies))
    return LateKind(name, *map(words.plain, numbers))


def _annex(letter: Directive, day: date) -> Annex:
    ours = words.today(letter.registry, letter.issuer, day).name
    kept = f"Báo cáo số        /{words.report_symbol(letter, day)} {words.blank_date(day)} của {ours}"
    return Annex(title="DANH SÁCH ĐƠN VỊ CÓ NỘI DUNG QUÁ HẠN", reference=f"(Kèm theo {kept})")
