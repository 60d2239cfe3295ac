"""What a status says with which a camera did not grant a request: the one table for every step of a dialogue. Pure."""

from dataclasses import dataclass

from dondoc.probing.verdicts import Verdict

# Over by itself: request timed out, too many requests, bandwidth, unavailable now (SIP's, of recorders that grew out of
# it), service unavailable, gateway timed out. RFC 2326, 7.1.1; RFC 7826, 17.4; RFC 3261, 21.4.
BUSY = frozenset({408, 429, 453, 480, 486, 503, 504})
GONE = frozenset({404, 410})
NO_RIGHT = frozenset({401, 403, 407})
TRANSPORT = 461  # Unsupported Transport
SETUP = "SETUP"
# No proof against an account: there are devices that take each nonce once and do not say so, and most name a new one
# with each 401.
ASKED_AGAIN = (
    "đã nhận tài khoản ở bước trước, nay lại đòi đăng nhập: tài khoản chưa có quyền xem, hoặc thiết bị bắt đăng nhập "
    "lại ở từng bước"
)


@dataclass(frozen=True)
class Known:
    """What was known of a camera when it refused.

    `login`: it was shown one. `taken`: and took it, at another step of the same dialogue. `worked`: the same look has
    shown a picture before. `no_tcp`: it has no TCP for its pictures, it said. `multicast`: its description names the
    address of a group.
    """

    login: bool = False
    taken: bool = False
    worked: bool = False
    no_tcp: bool = False
    multicast: bool = False


def is_answer(status: int) -> bool:
    """Whether a refusal says itself why, so that no other way of sending would be granted."""
    return status in BUSY | GONE | NO_RIGHT


def is_granted(status: int) -> bool:
    return status < 300


def refusal(status: int, step: str, known: Known) -> tuple[Verdict, str]:
    """The verdict on what was not granted, and a detail for a person.

    Args:
        step: the method that was asked, empty where it goes without saying.
    """
    asked = f" khi {step}" if step else ""
    if step == SETUP and (status == TRANSPORT or (known.no_tcp and status in NO_RIGHT)):
        return _without_transport(status, known.multicast)
    if status == 403 and known.worked:  # many recorders answer so to the viewer that is one too many
        return Verdict.SERVER_ERROR, f"mã 403{asked}: trước đây đã xem được, có thể thiết bị đủ số người xem"
    if status == 401 and known.taken:
        return Verdict.FORBIDDEN, f"mã 401{asked}: {ASKED_AGAIN}"
    if status in NO_RIGHT:
        who = "tài khoản không có quyền xem" if known.login else "không cho xem, chưa hỏi tài khoản"
        return Verdict.FORBIDDEN, f"mã {status}{asked}: {who}"
    if status in BUSY:
        return Verdict.SERVER_ERROR, f"mã {status}{asked}: thiết bị đang bận, xem lại sau"
    if status in GONE:
        return Verdict.NOT_FOUND, f"mã {status}{asked}: không có luồng hình theo đường dẫn này"
    return Verdict.SERVER_ERROR, f"{step} không được chấp nhận: mã {status}" if step else f"mã {status}"


def _without_transport(status: int, multicast: bool) -> tuple[Verdict, str]:
    """Neither TCP nor UDP to us alone: who sends to a group only is well, and not seen from here."""
    if multicast:
        return Verdict.NOT_DECODABLE, f"mã {status} khi SETUP: camera chỉ phát cho nhóm (multicast), Sở chưa xem được"
    return Verdict.NO_FRAME, f"SETUP không được chấp nhận: mã {status}, cả qua TCP lẫn UDP"
