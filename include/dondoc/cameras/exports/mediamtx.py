"""mediamtx.yml. MediaMTX knows no variables inside values, but `MTX_PATHS_<NAME>_SOURCE` overrides a path's source.

A name ends there at the next underscore (its internal/conf/env): names have none.
"""

from collections.abc import Sequence
from dataclasses import replace

from dondoc.cameras.exports.streams import Stream, commented, head

HOW = (
    "MediaMTX: mỗi luồng hình một path; chỉ lấy hình khi có người xem.",
    "Tệp này không có mật khẩu. Với camera ghi chú “cần đăng nhập”, đặt biến môi trường MTX_PATHS_<TÊN>_SOURCE",
    "là địa chỉ đủ cả tên đăng nhập, mật khẩu (mã hóa phần trăm), ví dụ",
    "MTX_PATHS_CAM00017_SOURCE=rtsp://TÊN:MẬT-KHẨU@… : biến này thay giá trị source trong tệp.",
)


TLS = (
    "Có địa chỉ rtsps: chứng thư camera tự ký thì thêm sourceFingerprint vào path đó, giá trị lấy như hướng dẫn trong",
    "mediamtx.yml gốc (openssl x509 -fingerprint -sha256).",
)


def render(streams: Sequence[Stream], *, passwords: bool, notes: Sequence[str] = ()) -> str:
    """The file; with passwords in it, or without any login."""
    entries = [(_marked(s, passwords), _path(s.with_password if passwords else s.url)) for s in streams]
    tls = TLS if any(s.url.startswith("rtsps:") for s in streams) else ()
    return head((*notes, *(HOW[:1] if passwords else HOW), *tls)) + "paths:\n" + commented(entries)


def _path(source: str) -> dict[str, object]:
    return {"source": source, "sourceOnDemand": True, "rtspTransport": "tcp"}


def _marked(stream: Stream, passwords: bool) -> Stream:
    if passwords or stream.login is None:
        return stream
    return replace(stream, label=f"{stream.label} (cần đăng nhập)")
