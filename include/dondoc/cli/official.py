"""official: drafts of our official letters, and the register of those that the clerk has issued."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dondoc.cli.output import day, say, show
from dondoc.errors import Problem

Json = Annotated[bool, typer.Option("--json")]
Letter = Annotated[str, typer.Argument(help="Số dự thảo, ví dụ CV-0003.")]
Someone = Annotated[str, typer.Option(help="Người thực hiện.")]


def add(cli: typer.Typer) -> None:
    official = typer.Typer(no_args_is_help=True, help="Công văn của Sở: dự thảo chờ cấp số, sổ công văn đã ban hành.")
    official.command("list")(list_letters)
    for command in (draft, issue, enter, unissue):
        official.command()(command)
    cli.add_typer(official, name="official")


def list_letters(as_json: Json = False) -> None:
    """Các dự thảo, mới nhất trước: chờ cấp số từ ngày nào, hoặc đã ban hành số nào."""
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.escalation import official as room

    app = open_context()
    with app.sessions.reading() as session:
        rows = [_row(one) for one in room.register(app, session, clock.now())]
    show(rows, as_json, ["id", "directive", "day", "state", "waiting_since", "agencies", "number", "date", "signer"])


def _row(entry: Any) -> dict[str, Any]:
    from dondoc.facts.issued import items
    from dondoc.vocabulary.numbers import CV

    letter, issued, waits = entry.letter, entry.issue, entry.waiting
    agencies = issued.agencies if issued else dict.fromkeys(item.agency for item in items(letter))
    return {
        "id": CV(letter.id),
        "directive": letter.directive,
        "day": letter.day.isoformat(),
        "state": entry.state,
        "waiting_since": waits.since.isoformat() if waits else None,
        "agencies": [*agencies],
        "number": issued.document_number if issued else None,
        "date": issued.document_date.isoformat() if issued else None,
        "signer": issued.signer if issued else None,
    }


def draft(letter: Letter, out: Annotated[Path, typer.Option(help="Tệp .docx để ghi ra.")]) -> None:
    """Ghi dự thảo ra tệp Word."""
    from dondoc.configuration.context import open_context
    from dondoc.facts.issued import drafted
    from dondoc.store.files import replace
    from dondoc.vocabulary.numbers import CV

    app = open_context()
    with app.sessions.reading() as session:
        content = app.blobs.get(drafted(session, CV.read(letter)).blob)
    replace(out, content)
    say(str(out))


def issue(
    letter: Letter,
    number: Annotated[str, typer.Option(help="Số, ký hiệu do văn thư cấp.")],
    date: Annotated[str, typer.Option(help="Ngày văn bản.")],
    signer: Annotated[str, typer.Option(help="Họ tên người ký.")],
    file: Annotated[Path, typer.Option(help="Văn bản đã ký (PDF).")],
    by: Someone,
    agency: Annotated[list[str] | None, typer.Option(help="Chỉ những đơn vị này; để trống: mọi đơn vị.")] = None,
) -> None:
    """Vào sổ công văn đã ban hành; bậc đôn đốc dựa trên công văn được gửi từ lần lập thư kế tiếp."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.facts import issued
    from dondoc.vocabulary.numbers import CV

    app, who = open_context(), actor(by)
    said: dict[str, Any] = {"number": number, "document_date": day(date), "signer": signer, "signed": _read(file)}
    row = issued.issue(app, CV.read(letter), **said, agencies=agency or (), actor=who, now=clock.now())
    say(f"Đã vào sổ: {CV(row.letter_id)} ban hành số {row.document_number}, {len(row.agencies):02} đơn vị.")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Problem(f"{file}: không đọc được văn bản đã ký ({error.strerror}). Kiểm tra đường dẫn.") from None


def enter(
    number: Annotated[str, typer.Option(help="Số, ký hiệu do văn thư cấp.")],
    date: Annotated[str, typer.Option(help="Ngày văn bản.")],
    signer: Annotated[str, typer.Option(help="Họ tên người ký.")],
    file: Annotated[Path, typer.Option(help="Văn bản đã ký (PDF).")],
    directive: Annotated[str, typer.Option(help="Văn bản chỉ đạo mà công văn đôn đốc.")],
    step: Annotated[str, typer.Option(help="Bậc mà công văn đứng vào, ví dụ overdue_2.")],
    agency: Annotated[list[str], typer.Option(help="Đơn vị nhận; ghi nhiều lần nếu nhiều đơn vị.")],
    answer_days: Annotated[int, typer.Option(help="Số ngày làm việc để trả lời, kể từ ngày văn bản.")],
    by: Someone,
) -> None:
    """Vào sổ công văn của Sở soạn ngoài chương trình: đơn vị có thời gian trả lời kể từ ngày văn bản."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.escalation import official as room
    from dondoc.vocabulary.numbers import CV

    app, who = open_context(), actor(by)
    said: dict[str, Any] = {"number": number, "document_date": day(date), "signer": signer, "signed": _read(file)}
    row = room.issue_elsewhere(
        app, directive, step, agency, **said, answer_days=answer_days, actor=who, now=clock.now()
    )
    say(f"Đã vào sổ: {CV(row.letter_id)} ban hành số {row.document_number}, {len(row.agencies):02} đơn vị.")


def unissue(letter: Letter, reason: Annotated[str, typer.Option(help="Vì sao ghi nhầm.")], by: Someone) -> None:
    """Rút công văn khỏi sổ (ghi nhầm): thư nêu công văn ấy mà chưa gửi thì không gửi nữa."""
    from dondoc import clock
    from dondoc.cli.acting import actor
    from dondoc.configuration.context import open_context
    from dondoc.escalation import official as room
    from dondoc.facts import issued
    from dondoc.vocabulary.numbers import CV

    app, who = open_context(), actor(by)
    row = issued.unissue(app, CV.read(letter), reason=reason, actor=who, now=clock.now())
    say(room.taken_back(app, row))
