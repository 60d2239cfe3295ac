"""Of the duties: what was done of what is owed, what is left, and what stands under their table."""

from dondoc.documents.words import listed, number, percent
from dondoc.reporting.figures.model import Figures, Progress
from dondoc.reporting.sentences.tables import late_table, since

NAMED = 3  # late agencies that a sentence names; more are counted


def done(figures: Figures) -> str:
    """Done of all and of what is due, the change, and how many agencies are through."""
    total = figures.headline
    if not total.owed:
        return _nothing_owed(total)
    parts = (_done_of_all(total) + _change(figures), _done_of_due(total), _agencies_done(figures))
    return "; ".join(part for part in parts if part) + "."


def _nothing_owed(total: Progress) -> str:
    if total.waived:
        return f"{number(total.waived)} nội dung đều được miễn; không còn nội dung phải gửi."
    return "Đến thời điểm báo cáo, chưa có nội dung nào phải gửi."


def _done_of_all(total: Progress) -> str:
    owed, fulfilled = number(total.owed), number(total.fulfilled)
    if not total.fulfilled:
        if total.owed == 1:
            return "Đến thời điểm báo cáo, nội dung duy nhất phải gửi chưa hoàn thành"
        return f"Đến thời điểm báo cáo, chưa có nội dung nào hoàn thành trong số {owed} nội dung phải gửi"
    if total.fulfilled == total.owed:
        return f"Đã hoàn thành {'toàn bộ ' if total.owed > 1 else ''}{owed} nội dung phải gửi (100%)"
    due = " đã đến hạn" if total.due == total.owed else ""
    return f"Đã hoàn thành {fulfilled}/{owed} nội dung{due} ({percent(total.percent)})"


def _change(figures: Figures) -> str:
    """Since the reader was told last; unchanged is said only where something could still change."""
    if figures.since is None or not figures.since.headline.owed:
        return ""
    total = figures.headline
    change = total.fulfilled - figures.since.headline.fulfilled
    if change:
        return f", {'tăng' if change > 0 else 'giảm'} {number(abs(change))} nội dung so với {since(figures)}"
    return f", không tăng so với {since(figures)}" if 0 < total.fulfilled < total.owed else ""


def _done_of_due(total: Progress) -> str:
    if total.fulfilled == total.owed or total.due == total.owed:
        return ""
    due = number(total.due)
    if not total.due:
        return "chưa nội dung nào đến hạn"
    if total.due_done == total.due:
        return f"{'toàn bộ ' if total.due > 1 else ''}{due} nội dung đến hạn đã hoàn thành"
    if not total.due_done:
        return f"{due} nội dung đến hạn chưa hoàn thành"
    return f"trong {due} nội dung đã đến hạn, đã hoàn thành {number(total.due_done)} nội dung"


def _agencies_done(figures: Figures) -> str:
    asked, through = figures.agencies.asked, figures.agencies.done
    if asked < 2 or not figures.headline.fulfilled:
        return ""
    if through == asked:
        return f"cả {number(asked)} đơn vị đều đã hoàn thành"
    if not through:
        return "chưa đơn vị nào hoàn thành toàn bộ"
    return f"{number(through)}/{number(asked)} đơn vị hoàn thành toàn bộ"


def left(figures: Figures, *, refer: bool = True) -> str:
    """What is not done: of it what is late and whose; empty when all is done, or nothing is due yet."""
    total = figures.headline
    open_ = total.owed - total.fulfilled
    if not open_ or open_ == total.owed == total.not_due:
        return ""
    begins = f"Còn {number(open_)} nội dung chưa hoàn thành"
    if not total.late:
        return f"{begins}, {_waiting(total, open_)}; không có nội dung quá hạn."
    if total.late == open_:
        return f"{begins}, {'đều ' if open_ > 1 else ''}đã quá hạn{_whose(figures, ', của ', refer)}."
    return f"{begins}, trong đó {number(total.late)} nội dung đã quá hạn{_whose(figures, ' của ', refer)}."


def _whose(figures: Figures, of: str, refer: bool) -> str:
    """The late agencies by name while they are few; nothing where an old report does not know them."""
    late = figures.late_agencies
    if not late:
        return ""
    where = f" ({late_table(figures)})" if refer else ""
    return of + (listed(a.name for a in late) if len(late) <= NAMED else f"{number(len(late))} đơn vị{where}")


def _waiting(total: Progress, open_: int) -> str:
    """Why what is not done is not late, when nothing is."""
    kinds = {
        "đang được Sở xem xét": total.under_review - total.reassign,
        "đang chờ phân công lại do sắp xếp đơn vị": total.reassign,
        "đã trả lại để sửa": total.returned,
        "còn trong hạn": total.not_due,
    }
    some = {words: count for words, count in kinds.items() if count}
    if len(some) == 1:
        return f"{'đều ' if open_ > 1 else ''}{next(iter(some))}"
    return f"gồm {listed(f'{number(count)} nội dung {words}' for words, count in some.items())}"


def duty_note(figures: Figures) -> str:
    """What the columns of the table mean, and what the last one is compared with."""
    compared = f" {CHANGE_NOTE} {since(figures)}." if figures.since and figures.since.number else ""
    return f"{COLUMNS_NOTE}{compared}"


COLUMNS_NOTE = "Phải gửi là tổng sáu cột tiếp theo. Sở đang xem: đơn vị đã gửi, chờ Sở xử lý."
CHANGE_NOTE = "Cột cuối: số nội dung hoàn thành thêm so với"


def duty_remarks(figures: Figures) -> list[str]:
    """What is outside of the columns, or among ours for a reason of its own."""
    total, made = figures.headline, []
    if not figures.systems:
        made.append(done(figures))
    if total.waived and total.owed:
        made.append(f"{number(total.waived)} nội dung được miễn, không tính vào số phải gửi.")
    if total.reassign:
        made.append(f"{number(total.reassign)} nội dung chờ phân công lại do sắp xếp đơn vị, tính vào cột Sở đang xem.")
    if figures.unconfirmed_calendar:
        made.append(
            "Lịch ngày làm việc của năm chưa có thông báo chính thức; số ngày làm việc quá hạn có thể thay đổi."
        )
    return made
