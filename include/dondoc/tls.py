"""One TLS context for every server that we talk to (mail, mailboxes, surveys, pings), and words for its faults."""

import ssl
from pathlib import Path

from dondoc.errors import Problem

# X509_V_ERR_… of OpenSSL (x509_vfy.h) → what is wrong, and what to do about it
_HOW = "xin chứng thư hợp lệ cho máy chủ, hoặc lưu chứng thư CA (hay của chính máy chủ) dạng PEM và đặt DONDOC_CA_FILE"
_CERTIFICATE = {
    9: ("chứng thư chưa đến ngày có hiệu lực", "kiểm tra đồng hồ của máy này, hoặc gia hạn chứng thư của máy chủ"),
    10: ("chứng thư đã hết hạn", "gia hạn chứng thư của máy chủ"),
    18: ("chứng thư tự ký, máy này không tin", _HOW),
    19: ("chứng thư do một CA lạ tự ký cấp, máy này không tin", _HOW),
    20: ("chứng thư do một CA lạ cấp, hoặc máy chủ gửi thiếu chứng thư trung gian", _HOW),
    21: ("chứng thư do một CA lạ cấp, hoặc máy chủ gửi thiếu chứng thư trung gian", _HOW),
    23: ("chứng thư đã bị thu hồi", "xin chứng thư mới cho máy chủ"),
    62: ("chứng thư cấp cho tên khác, không phải tên này", "ghi đúng tên máy chủ như trong chứng thư của nó"),
    64: ("chứng thư không cấp cho địa chỉ IP này", "ghi tên máy chủ như trong chứng thư của nó, không ghi địa chỉ IP"),
}
_OLD = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "HANDSHAKE_FAILURE", "NO_SHARED_CIPHER")
_NONE = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")


def context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Certificate and host name are verified, TLS 1.2 is the least. There is no way to ask for less.

    Args:
        ca_file: PEM, believed besides what the system believes: a private server beside public ones.

    Raises:
        Problem: the file cannot be read, or holds no certificate.
    """
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            made.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            reason = "không có chứng thư dạng PEM" if isinstance(error, ssl.SSLError) else error.strerror
            raise Problem(
                f"Không dùng được tệp chứng thư DONDOC_CA_FILE ({ca_file}): {reason}. Sửa tệp, hoặc bỏ cấu hình này."
            ) from None
    return made


def explain(error: ssl.SSLError) -> str:
    """What is wrong, and what to do about it, to stand after the server's name and a colon."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason, remedy = _CERTIFICATE.get(error.verify_code, (f"chứng thư không hợp lệ ({error.verify_message})", _HOW))
    elif any(word in (error.reason or "") for word in _OLD):
        reason, remedy = "máy chủ không có TLS 1.2 trở lên", "nâng cấp máy chủ đó"
    elif any(word in (error.reason or "") for word in _NONE):
        reason, remedy = "cổng này không nói TLS", "kiểm tra số cổng và kiểu mã hóa (TLS hay STARTTLS)"
    else:
        reason = f"không bắt tay TLS được ({error.reason or type(error).__name__})"
        remedy = "hỏi người quản trị máy chủ đó"
    return f"{reason}; chưa gửi mật khẩu, chưa gửi thư. Cách xử lý: {remedy}"
