"""The audit trail, for administrators: who did what, and whether anybody tampered with the record."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from dondoc import audit as trail
from dondoc.store.trust import AuditEvent
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.rulings import RulingKind
from dondoc.web.letters import DOOR
from dondoc.web.pages import app_of, page
from dondoc.web.user import User

SHOWN = 100  # events on a page
STATES = {state.value: state.label for state in OutboxState}
ACT: dict[str, str] = {  # what is not here is shown as it is
    **{kind: kind.label for kind in RulingKind},
    "answer": "trả lời trong Airflow",
    "approve": "duyệt thư",
    "ask_approval": "hỏi người duyệt",
    "assign": "giao bản nộp cho đơn vị",
    "reopen": "thu hồi việc đã giao hoặc xếp lại bản nộp",
    "rejudge": "kiểm tra lại các bản nộp đã nhận",
    "blank": "cấp biểu mẫu",
    "cameras_import": "nhập camera từ tệp",
    "cancel": "hủy thư",
    "close_reply": "xử lý thư trả lời",
    "confirm": "xác nhận camera đã kết nối",
    "contact_confirm": "xác nhận liên hệ mới",
    "contact_refuse": "từ chối liên hệ mới",
    "contacts_end": "kết thúc liên hệ",
    "contacts_import": "nhập danh bạ từ tệp",
    "db_upgrade": "nâng cơ sở dữ liệu",
    "rebuild_cameras": "tính lại tình trạng camera",
    "deliver": "cho gửi thư",
    "directive_activate": "cho thực hiện văn bản chỉ đạo",
    "directive_add": "ghi văn bản chỉ đạo",
    "directive_close": "kết thúc văn bản chỉ đạo",
    "dismiss": "xếp lại bản nộp",
    "download": "tải tệp về",
    "draw_report": "dự thảo báo cáo",
    "write_report": "viết thay một phần báo cáo",
    "approve_report": "duyệt dự thảo báo cáo",
    "enter_login": "nhập tài khoản camera",
    "escalate": "cho lập thư đôn đốc",
    "export": "xuất camera ra tệp",
    "unissue_report": "rút ghi nhận phát hành báo cáo",
    "register_undo": "rút văn bản khỏi sổ",
    "contacts_mask": "ẩn thông tin liên hệ cũ",
    "issue_official": "vào sổ công văn đã ban hành",
    "unissue_official": "rút công văn khỏi sổ",
    "issue_report": "ghi nhận phát hành báo cáo",
    "lift": "bỏ hạn chế của camera",
    "probe": "xem camera ngay",
    "receive": "tiếp nhận tệp",
    "refuse_answer": "không chấp nhận câu trả lời",
    "register": "vào sổ văn bản",
    "release_login": "cho thử lại mật khẩu camera",
    "rotate_key": "đổi khóa xong",
    "rotate_key_begin": "bắt đầu đổi khóa",
    "see_picture": "xem hình của camera",
    "settle": "xác nhận thư chưa rõ",
    "withdraw": "rút lại thư đã gửi",
    "keep_letter": "thôi rút lại thư",
}

DETAIL = {  # the same
    "added": "thêm",
    "addresses": "địa chỉ camera",
    "agency": "đơn vị",
    "at": "lúc",
    "before": "phiên bản trước",
    "called": "xưng là",
    "cameras": "số camera",
    "changed": "nhận dạng lại",
    "chosen": "đã chọn",
    "contact": "số trong danh bạ",
    "decision": "quyết định",
    "deliverable": "nội dung",
    "directive": "văn bản chỉ đạo",
    "document": "văn bản",
    "draft": "bản nháp",
    "email": "thư điện tử",
    "file": "tệp",
    "folder": "thư mục",
    "form": "biểu mẫu",
    "from": "từ",
    "fulfils": "hoàn thành",
    "hidden": "mới che",
    "known_at": "theo điều đã biết đến",
    "lasting": "lâu dài",
    "left": "còn để lại",
    "letters": "thư",
    "number": "số",
    "on": "ngày cuối cùng",
    "originals": "bản gốc",
    "passwords": "mật khẩu",
    "period": "kỳ",
    "pictures": "hình",
    "basic": "gửi rõ (Basic)",
    "spoken_to": "người đã trao đổi",
    "result": "kết quả",
    "cause": "nguyên nhân",
    "ended": "kết thúc",
    "masked": "đã ẩn",
    "reason": "lý do",
    "received_at": "nhận lúc",
    "restricted": "có camera hạn chế",
    "roles": "vai trò",
    "sender": "người gửi",
    "sender_doubt": "vì sao chưa chắc người gửi",
    "sha256": "SHA-256 của tệp",
    "place": "điểm",
    "site": "vị trí",
    "state": "tình trạng",
    "submission": "bản nộp",
    "system": "hệ thống",
    "task": "mã việc",
    "unchanged": "đã có",
    "to": "đơn vị nhận",
    "undoes": "hủy quyết định",
    "until": "đến hết ngày",
    "updated": "cập nhật",
    "version": "phiên bản",
    "why": "vì sao",
    "word": "điều",
}


def describe(details: Mapping[str, Any]) -> str:
    """The details of an event for people; nothing of what is empty."""
    return "; ".join(f"{DETAIL.get(name, name)}: {_text(value)}" for name, value in details.items() if value != "")


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "có" if value else "không"
    return STATES.get(value, value) if isinstance(value, str) else str(value)


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/audit", response_class=HTMLResponse)
    def audit(
        request: Request,
        act: str | None = None,
        before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
        check: bool = False,
    ) -> HTMLResponse:
        user: User = request.state.visitor
        if not user.administers:
            raise HTTPException(403, "Nhật ký chỉ dành cho quản trị viên.")
        app = app_of(request)
        with app.sessions.reading() as session:
            rows = trail.events(session, act=act, before=before, limit=SHOWN)
            known = sorted(session.scalars(select(AuditEvent.act).distinct()))
        checked = trail.examine(app.sessions, app.settings) if check else None
        return page(
            request,
            "audit.html",
            rows=rows,
            act=act,
            known=known,
            checked=checked,
            acts=ACT,
            doors=DOOR,
            describe=describe,
            shown=SHOWN,
        )

    return routes
