"""go2rtc.yaml: main and sub-stream under two names; two sources of one name would be tracks of the same stream.

Variables `${NAME}` are replaced by go2rtc itself (its documentation, "Environment variables").
"""

from collections.abc import Sequence

from dondoc.cameras.exports.streams import Stream, commented, head, unasked

HOW = (
    "go2rtc: dùng thẳng tệp này, hoặc thêm -c TỆP vào lệnh chạy.",
    "Đặt biến môi trường ${…} trước khi chạy; tên đăng nhập, mật khẩu viết dạng mã hóa phần trăm (ví dụ @ là %40).",
)


def render(streams: Sequence[Stream], *, passwords: bool, notes: Sequence[str] = ()) -> str:
    """The file; with passwords in it, or with variables in their place."""
    entries = [(s, [unasked(s.with_password if passwords else _with_variables(s))]) for s in streams]
    return head((*notes, *(HOW[:1] if passwords else HOW))) + "streams:\n" + commented(entries)


def _with_variables(stream: Stream) -> str:
    if stream.login is None:
        return stream.url
    return stream.with_login(f"${{{stream.login}_USER}}", f"${{{stream.login}_PASSWORD}}")
