"""report and what is done with one: list, show, write, approve, issue, changes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import day, day_or_moment, emit, say, show
from dondoc.errors import Problem
from dondoc.vocabulary.reports import ReportPart

if TYPE_CHECKING:
    from dondoc.directive.model import Directive
    from dondoc.reporting.states import Standing

Json = Annotated[bool, typer.Option("--json")]
AsOf = Annotated[str, typer.Option(help="Ngày chốt số liệu.")]
Someone = Annotated[str, typer.Option(help="Người thực hiện.")]
Letter = Annotated[str | None, typer.Option(help="Mã văn bản; không cần khi chỉ có một văn bản đang thực hiện.")]


def add(cli: typer.Typer) -> None:
    report = typer.Typer(help="Báo cáo tuần.", invoke_without_command=True)
    report.callback()(make)
    for command in (issue, unissue, approve, write, changes):
        report.command()(command)
    report.command("list")(list_reports)
    report.command("show")(show_report)
    cli.add_typer(report, name="report")


def make(
    context: typer.Context,
    as_of: Annotated[
        str | None, typer.Option(help="Ngày chốt số liệu, 17 giờ 00; hôm nay chưa đến giờ đó: lúc này.")
    ] = None,
    known_at: Annotated[str | None, typer.Option(help="Theo những gì đã biết đến thời điểm này.")] = None,
    out: Annotated[Path | None, typer.Option(help="Thư mục ghi báo cáo.")] = None,
    directive: Letter = None,
    by: By = "",
) -> None:
    """Dự thảo báo cáo tuần: report.docx, report.xlsx, report.html, figures.json."""
    if context.invoked_subcommand:
        return
    if as_of is None or out is None:
        raise typer.BadParameter("cần --as-of và --out")
    from dondoc import clock
    from dondoc.cli.acting import anybody
    from dondoc.configuration.context import open_context
    from dondoc.reporting import report as room

    app, now, who = open_context(), clock.now(), anybody(by)
    if refusal := clock.to_come(day(as_of), now):
        raise Problem(refusal)
    cut_off = min(clock.at(day(as_of), 17), now)  # a report never speaks of hours to come
    known = day_or_moment(known_at) if known_at else None
    with app.sessions.reading() as session:
        letter = _one(room.wanted(app, session, cut_off.date(), directive, known))
    for path in room.make(app, letter, cut_off, known, out).values():
        say(str(path))
    with app.sessions.begin() as session:
        room.record(session, letter.id, cut_off, known, out, now, by=who, secrets=app.secrets)


def _one(letters: "list[Directive]") -> "Directive":
    if len(letters) > 1:
        named = ", ".join(letter.id for letter in letters)
        raise Problem(f"Có {len(letters)} văn bản đang thực hiện. Ghi rõ --directive: {named}.")
    return letters[0]


def _wanted(as_of: str, directive: str | None) -> "Directive":
    from dondoc.configuration.context import open_context
    from dondoc.reporting import report as room

    app = open_context()
    with app.sessions.reading() as session:
        return _one(room.wanted(app, session, day(as_of), directive))


def issue(
    as_of: AsOf,
    number: Annotated[str, typer.Option(help="Số, ký hiệu do văn thư cấp.")],
    date: Annotated[str, typer.Option(help="Ngày văn bản.")],
    file: Annotated[Path, typer.Option(help="Văn bản đã ký.")],
    by: Someone,
    directive: Letter = None,
    reason: Annotated[str | None, typer.Option(help="Lý do, khi ghi lại hoặc thay báo cáo đã phát hành.")] = None,
    report: Annotated[
        str | None, typer.Option(help="Bản nào, ví dụ BC-0012; cần khi đã lập bản khác sau bản đã phát hành.")
    ] = None,
) -> None:
    """Ghi nhận văn thư đã phát hành báo cáo; ghi lại hoặc thay bản đã phát hành thì cần lý do."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.facts.issued import is_pdf
    from dondoc.reporting import states
    from dondoc.vocabulary.numbers import BC

    app, who, letter = open_context(), actor(by), _wanted(as_of, directive)
    said = {"number": number, "document_date": day(date), "file": file, "reason": reason}
    said |= {"draft": BC.read(report) if report else None}
    states.issue(app, letter.id, day(as_of), actor=who, now=clock.now(), **said)  # type: ignore[arg-type]
    say(f"Đã ghi nhận: báo cáo ngày {as_of} phát hành số {number}.")
    if not is_pdf(file.read_bytes()):
        say(f"{file} không phải tệp PDF: kiểm tra lại; nếu nhầm thì ghi lại với --reason.")


def unissue(
    as_of: AsOf,
    reason: Annotated[str, typer.Option(help="Vì sao ghi nhầm.")],
    by: Someone,
    directive: Letter = None,
) -> None:
    """Rút lần ghi nhận phát hành gần nhất của một ngày (ghi nhầm); lần ghi trước, nếu có, lại có hiệu lực."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.reporting import states

    app, who, letter = open_context(), actor(by), _wanted(as_of, directive)
    row = states.unissue(app, letter.id, day(as_of), reason=reason, actor=who, now=clock.now())
    say(f"Đã rút ghi nhận phát hành số {row.document_number} của báo cáo ngày {as_of}.")


def approve(report: Annotated[str, typer.Argument(help="Số báo cáo, ví dụ BC-0012.")], by: Someone) -> None:
    """Người duyệt xác nhận dự thảo đúng. Thư số liệu được duyệt gửi riêng, ở `dondoc approve`."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.reporting import states
    from dondoc.vocabulary.numbers import BC

    app = open_context()
    with app.sessions.begin() as session:
        row = states.approve(app, session, BC.read(report), actor(by), now=clock.now())
        say(f"Đã duyệt {BC(row.id)}, số liệu đến {row.as_of:%H:%M %d/%m/%Y}.")


def write(
    as_of: AsOf,
    part: Annotated[str, typer.Option(help=f"Phần: {', '.join(ReportPart)}.")],
    by: Someone,
    text: Annotated[str, typer.Option(help="Lời văn, mỗi dòng một đoạn; bỏ trống: lấy lại lời văn tự lập.")] = "",
    directive: Letter = None,
) -> None:
    """Viết thay một phần của báo cáo; giữ nguyên khi lập lại báo cáo của ngày đó."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.reporting import texts

    app, letter, which = open_context(), _wanted(as_of, directive), ReportPart.read(part, "phần")
    with app.sessions.begin() as session:
        texts.write(session, letter.id, day(as_of), which, text, actor(by), secrets=app.secrets, now=clock.now())
    say(f"Đã ghi phần “{which.label}”. Lập lại báo cáo để có bản mới: dondoc report --as-of {as_of} --out …")


def changes(as_of: AsOf, directive: Letter = None, as_json: Json = False) -> None:
    """Số liệu nào của báo cáo đã khác so với bản phát hành (chưa phát hành: bản lập sau cùng), vì sự việc nào."""
    from dondoc.configuration.context import open_context
    from dondoc.reporting import changes as room
    from dondoc.reporting import states
    from dondoc.vocabulary.numbers import BC

    app, letter = open_context(), _wanted(as_of, directive)
    with app.sessions.reading() as session:
        report = states.held(session, letter.id, day(as_of))
    rows = [change.as_row() for change in room.since_drawn(app, letter, report)]
    if as_json:
        emit(rows)
        return
    say(f"So với {BC(report.id)} ({report.code}), lập lúc {report.recorded_at:%H:%M %d/%m/%Y}:")
    for row in rows:
        say(f"- {row['title']}: {row['old']} → {row['new']}. {'; '.join(row['because'])}")
    if not rows:
        say("Không có số liệu nào khác.")


def list_reports(as_json: Json = False) -> None:
    """Các báo cáo đã lập, mới nhất trước."""
    from sqlalchemy import select

    from dondoc.configuration.context import open_context
    from dondoc.reporting import states
    from dondoc.store.reporting import Report

    with open_context().sessions.reading() as session:
        drawn = list(session.scalars(select(Report).order_by(Report.as_of.desc(), Report.id.desc())))
        standing = states.standing(session, drawn)
        show([_row(standing[one.id]) for one in drawn], as_json)


def show_report(
    report: Annotated[str, typer.Argument(help="Số báo cáo (BC-0012) hoặc mã số liệu in trên dự thảo (1A2B-3C4D).")],
    as_json: Json = False,
) -> None:
    """Một báo cáo: từ số hoặc mã số liệu tìm về figures.json."""
    from dondoc.configuration.context import open_context
    from dondoc.reporting import states

    with open_context().sessions.reading() as session:
        drawn = states.named(session, report)
        standing = states.standing(session, drawn)
        show([_row(standing[one.id]) for one in drawn], as_json)


def _row(standing: "Standing") -> dict[str, Any]:
    from dondoc.vocabulary.numbers import BC

    report, issue = standing.report, standing.issue
    return {
        "id": BC(report.id),
        "directive": report.directive,
        "as_of": report.as_of.isoformat(),
        "known_at": report.known_at.isoformat() if report.known_at else None,
        "state": standing.state,
        "code": report.code,
        "folder": report.folder,
        "approved_by": [*standing.approved_by],
        "number": issue.document_number if issue else None,
        "date": issue.document_date.isoformat() if issue else None,
        "recorded_at": report.recorded_at.isoformat(),
    }
