"""The outbox: what was written to whom and why, and what waits for approval."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select

from dondoc import clock, truth
from dondoc.mail import outbox
from dondoc.store.mail import OutboxEvent, OutboxLetter
from dondoc.web.pages import download, onward, page, world_of
from dondoc.web.user import User

SHOWN = 50  # letters on a page
STATE = {
    "held": "chờ duyệt",
    "pending": "chờ gửi",
    "claimed": "chuẩn bị gửi",
    "sending": "đang gửi",
    "sent": "đã gửi",
    "deferred": "sẽ gửi lại",
    "refused": "bị từ chối",
    "uncertain": "chưa rõ đã gửi",
    "cancelled": "đã hủy",
}
KIND = {
    "receipt": "Xác nhận",
    "returned": "Đề nghị chỉnh sửa",
    "reachability": "Kết quả kiểm tra camera",
    "reminder": "Nhắc hạn",
    "overdue": "Quá hạn",
    "outage": "Mất kết nối",
    "report": "Báo cáo",
    "internal": "Nội bộ",
}


def state_of(letter: OutboxLetter) -> str:
    """A letter's state for people: who has approved a letter that is still held is not asked again."""
    return "đã duyệt, đang giữ" if letter.state == "held" and letter.approved_by else STATE[letter.state]


def router(acting: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/letters", response_class=HTMLResponse)
    def letters(
        request: Request, state: str | None = None, agency: str | None = None, before: int | None = None
    ) -> HTMLResponse:
        newest = select(OutboxLetter).order_by(OutboxLetter.id.desc()).limit(SHOWN)
        if state:
            newest = newest.where(OutboxLetter.state == state)
        if agency:
            newest = newest.where(OutboxLetter.agency == agency)
        if before:
            newest = newest.where(OutboxLetter.id < before)
        world = world_of(request)
        with world.sessions.reading() as session:
            rows = list(session.scalars(newest))
            counts = dict(session.execute(select(OutboxLetter.state, func.count()).group_by(OutboxLetter.state)).all())
        names = {a.id: a.name for a in world.directive.agencies}
        return page(
            request,
            "letters.html",
            rows=rows,
            state=state,
            agency=agency,
            names=names,
            counts=counts,
            states=STATE,
            state_of=state_of,
            kinds=KIND,
            shown=SHOWN,
        )

    @routes.get("/letters/{letter}", response_class=HTMLResponse)
    def letter(request: Request, letter: int) -> HTMLResponse:
        with world_of(request).sessions.reading() as session:
            if (row := session.get(OutboxLetter, letter)) is None:
                raise HTTPException(404, f"Không có thư TH-{letter:05}.")
            history = select(OutboxEvent).where(OutboxEvent.letter_id == letter).order_by(OutboxEvent.id)
            events = list(session.scalars(history))
        return page(request, "letter.html", row=row, events=events, states=STATE, state_of=state_of, kinds=KIND)

    @routes.get("/letters/{letter}/attachments/{position}")
    def attachment(request: Request, letter: int, position: int) -> Response:
        user: User = request.state.visitor
        if not user.may_act:
            raise HTTPException(403, "Tệp kèm có thể chứa thông tin nhạy cảm: chỉ người vận hành được tải về.")
        world = world_of(request)
        with world.sessions.reading() as session:
            row = session.get(OutboxLetter, letter)
        if row is None or not 0 <= position < len(row.attachments):
            raise HTTPException(404, "Thư này không có tệp kèm đó.")
        file = row.attachments[position]
        return download(world.blobs.get(file["sha256"]), file["filename"])

    @routes.post("/letters/{letter}/approve")
    def approve(request: Request, letter: int, user: Annotated[User, Depends(acting)]) -> RedirectResponse:
        world = world_of(request)
        checks = truth.registry(world)
        with world.sessions.begin() as session:
            rows = outbox.approve(session, [letter], by=user.name, now=clock.now(), still_true=checks)
        return onward(request, f"/letters/{letter}", f"TH-{letter:05}: {state_of(rows[0])}.")

    @routes.post("/letters/{letter}/cancel")
    def cancel(
        request: Request, letter: int, reason: Annotated[str, Form()], user: Annotated[User, Depends(acting)]
    ) -> RedirectResponse:
        with world_of(request).sessions.begin() as session:
            outbox.cancel(session, letter, reason, user.name, clock.now())
        return onward(request, f"/letters/{letter}", f"TH-{letter:05}: đã hủy.")

    @routes.post("/letters/{letter}/settle")
    def settle(
        request: Request, letter: int, word: Annotated[str, Form()], user: Annotated[User, Depends(acting)]
    ) -> RedirectResponse:
        with world_of(request).sessions.begin() as session:
            state = outbox.settle(session, letter, word, user.name, clock.now()).state
        return onward(request, f"/letters/{letter}", f"TH-{letter:05}: {STATE[state]}.")

    return routes
