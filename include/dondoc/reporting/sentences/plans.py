"""What we do next week, what the superior is asked for, and how the report closes."""

from collections.abc import Callable
from datetime import date
from functools import partial

from dondoc.documents.words import listed, number, short
from dondoc.reporting.figures.model import Figures, Proposal, TaskLine
from dondoc.reporting.sentences.tables import IN_BODY, late_table
from dondoc.vocabulary.agencies import AgencyKind
from dondoc.vocabulary.reports import Ask, Task

FEW = 3  # agencies that a proposal names though they are all of their kind that are late
LISTED, LONGEST = 6, 220  # agencies, and characters of their names, that a proposal lists; more are counted
ASKS = (Ask.SUPERIOR_LETTER, Ask.REMINDER)


def tasks(figures: Figures) -> list[str]:
    """What we do next week; ours first, with its day."""
    lines = [_TASKS[line.task](figures, line) for line in figures.tasks]
    if not lines:
        return [_nothing_to_do(figures)]
    return [f"Trong tuần tới, Sở {'; '.join(lines)}."]


def _nothing_to_do(figures: Figures) -> str:
    total = figures.headline
    if total.owed > total.fulfilled:
        return "Sở tiếp tục theo dõi, hướng dẫn các đơn vị thực hiện những nội dung còn lại."
    if figures.cameras_total.declared:
        return "Sở tiếp tục theo dõi hoạt động của các camera đã khai."
    return "Sở tổng hợp, lưu hồ sơ kết quả thực hiện."


def _dated(words: str, day: date | None) -> str:
    """Words with a day in them; nothing without one."""
    return words.format(short(day)) if day else ""


def _review(figures: Figures, line: TaskLine) -> str:
    since = _dated(" (chờ lâu nhất từ ngày {})", figures.backlog.oldest)
    by = _dated(" trước ngày {}", line.by)
    return f"xử lý xong {number(line.count)} nội dung đang chờ Sở{since}{by}"


def _reassign(_: Figures, line: TaskLine) -> str:
    by = _dated(" trước ngày {}", line.by)
    return f"xác định đơn vị thực hiện {number(line.count)} nội dung của đơn vị đã sắp xếp lại{by}"


def _talk(_: Figures, line: TaskLine) -> str:
    by = _dated(" (muộn nhất hết ngày {})", line.by)
    return f"trao đổi trực tiếp với {number(line.count)} đơn vị đã được đề nghị hoàn thành{by}"


def _chase(_: Figures, line: TaskLine) -> str:
    by = _dated(" chậm nhất ngày {}", line.by)
    return f"đề nghị {number(line.count)} đơn vị còn nội dung quá hạn gửi{by}"


def _remind(_: Figures, line: TaskLine) -> str:
    by = _dated(" (thời hạn gần nhất: hết ngày {})", line.by)
    return f"nhắc {number(line.count)} nội dung sắp đến hạn{by}"


def _accounts(_: Figures, line: TaskLine) -> str:
    return f"tiếp nhận tài khoản xem của {number(line.count)} camera"


def _cameras(figures: Figures, line: TaskLine) -> str:
    """Named as the columns of their table are; those that wait for an account stand in a task of their own."""
    total = figures.cameras_total
    kinds = {"hình chưa đạt": total.bad_picture, "không trả lời": total.no_answer, "chưa kiểm tra": total.unchecked}
    *first, last = [words for words, count in kinds.items() if count]
    again = " lại" if line.count > total.unchecked else ""
    return f"kiểm tra{again} {number(line.count)} camera {' hoặc '.join(filter(None, (', '.join(first), last)))}"


_TASKS: dict[Task, Callable[[Figures, TaskLine], str]] = {
    Task.REVIEW: _review,
    Task.REASSIGN: _reassign,
    Task.TALK: _talk,
    Task.CHASE: _chase,
    Task.REMIND: _remind,
    Task.ACCOUNTS: _accounts,
    Task.CAMERAS: _cameras,
}


def proposals(figures: Figures, superior: str) -> list[str]:
    """What the superior is asked for or told, each with its date; a number before each of several."""
    made = [_PROPOSALS[one.ask](figures, superior, one) for one in figures.proposals]
    if not made:
        return ["Trong kỳ báo cáo, Sở chưa có nội dung cần kiến nghị."]
    return made if len(made) == 1 else [f"{i}. {said}" for i, said in enumerate(made, 1)]


def _superior_letter(figures: Figures, superior: str, one: Proposal) -> str:
    who = _named(figures, one, "quá hạn")
    return f"Đề nghị {superior} có văn bản đề nghị {who} phối hợp gửi nội dung còn thiếu trước ngày {short(one.by)}."


def _reminder(figures: Figures, superior: str, one: Proposal) -> str:
    who = _named(figures, one, "đã hết thời gian Sở đề nghị")
    return f"Đề nghị {superior} quan tâm, nhắc nhở {who} gửi nội dung còn thiếu trước ngày {short(one.by)}."


def _keep_chasing(figures: Figures, superior: str, one: Proposal) -> str:
    who = _named(figures, one, "còn thời gian Sở đã đề nghị")
    orders = all(kind.orders for kind in _kinds(figures, one))
    go_on = "tiếp tục đôn đốc" if orders else "tiếp tục đề nghị phối hợp"
    then = "văn bản nhắc nhở" if orders else "văn bản đề nghị phối hợp"
    until = f"nếu đến hết ngày {short(one.by)} vẫn chưa nhận được"
    return f"Đối với {who}: Sở {go_on}; {until}, Sở sẽ trình {superior} {then} kèm báo cáo tuần {one.week}."


_PROPOSALS: dict[Ask, Callable[[Figures, str, Proposal], str]] = {
    Ask.SUPERIOR_LETTER: _superior_letter,
    Ask.REMINDER: _reminder,
    Ask.KEEP_CHASING: _keep_chasing,
}


def _named(figures: Figures, one: Proposal, which: str) -> str:
    """The agencies of a proposal: by name while they are few, else all of a kind, or how many and which of them."""
    table = "Phụ lục" if len(figures.late_agencies) > IN_BODY else late_table(figures)
    kinds = _kinds(figures, one)
    all_of_kind = len(kinds) == 1 and sum(a.kind in kinds for a in figures.late_agencies) == len(one.agencies)
    if len(one.agencies) > FEW and all_of_kind:
        return f"{kinds[0].group} tại {table}"
    if len(one.agencies) <= LISTED and sum(map(len, one.agencies)) <= LONGEST:
        return listed(one.agencies)
    return f"{number(len(one.agencies))} {kinds[0].label if len(kinds) == 1 else 'đơn vị'} {which} ({table})"


def _kinds(figures: Figures, one: Proposal) -> list[AgencyKind]:
    kinds = {agency.name: agency.kind for agency in figures.late_agencies}
    return list(dict.fromkeys(kinds.get(name, one.kind) for name in one.agencies))


def asked(figures: Figures) -> str:
    """Of whom the superior is asked for a word; empty when it is asked for nothing."""
    about = [one for one in figures.proposals if one.ask in ASKS]
    names = [name for one in about for name in one.agencies]
    if len(names) <= 1:
        return "".join(names)
    return listed(map(partial(_counted, figures), about))


def _counted(figures: Figures, one: Proposal) -> str:
    kinds = _kinds(figures, one)
    return f"{number(len(one.agencies))} {kinds[0].label if len(kinds) == 1 else 'đơn vị'}"


def closing(figures: Figures, issuer: str, superior: str) -> str:
    """The last sentence: who is asked for nothing is only told."""
    asks = figures.texts.proposals or any(one.ask in ASKS for one in figures.proposals)
    return f"{issuer} kính báo cáo {superior}{' xem xét, chỉ đạo' if asks else ''}./."
