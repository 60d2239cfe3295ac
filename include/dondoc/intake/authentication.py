"""Who really sent a mail: the one address of its From, and what our own mail server found out about it.

Nothing a mail says of itself is proof. Only our own server's word counts (RFC 8601): of the `Authentication-Results`
fields with one of the ids in `DONDOC_AUTHSERV_ID` the topmost alone, since whatever a server adds stands above what
came with the mail. Neither its place beside a `Received` nor the fields next to it tell anything: with Postfix and
Sendmail a milter's field stands right above the sender's own, so that a forged one would join the block. A server that
removes forged fields (RFC 8601, section 5) and writes its own on every mail, with DMARC last, is still needed.

No library reads the field: authres (1.2.0, 2019) refuses the whole of it for one value that is not to the letter, such
as `policy.iprev=2001:db8::1`, `smtp.mailfrom=<>` or a `;` at the end, as servers write them.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from email import errors
from email.message import Message
from email.policy import default
from email.utils import getaddresses
from enum import StrEnum

from email_validator import EmailNotValidError
from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.facts.contacts import canonical
from dondoc.store.intake import COUNTS, Submission, Verdict
from dondoc.vocabulary.submissions import ACCEPTED

LONGEST = {"from": 1_000, "authentication-results": 16_000}  # characters of one field that are looked at
USUAL = 5  # newest accepted mails of a domain that tell how its mail comes
INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode: what nobody sees in a mail program, or what breaks a line
NO_FIELD = "máy chủ thư không ghi kết quả xác thực"
_FAILED = frozenset({"fail", "hardfail", "softfail", "policy", "permerror"})  # RFC 8601, sections 2.7.1, 2.7.2
_ID = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"(]+))', re.DOTALL)
_WORDS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s;"])+|;', re.DOTALL)
# What the parser passed over may have been a field that somebody else reads as one.
_MALFORMED = (
    errors.MisplacedEnvelopeHeaderDefect,
    errors.FirstHeaderLineIsContinuationDefect,
    errors.MissingHeaderBodySeparatorDefect,
)


class Result(StrEnum):
    """What our server says of the domain in From."""

    PASS = "pass"  # noqa: S105 - a word of RFC 8601
    FAIL = "fail"
    NONE = "none"


@dataclass(frozen=True)
class Authentication:
    result: Result
    reason: str  # for people: the method that decided, or what is missing


@dataclass(frozen=True)
class Sender:
    """Who a mail is from. `address`: "" when From names nobody, or several. `doubt`: why it may be somebody else."""

    address: str
    doubt: str | None
    authentication: Authentication | None  # None: no server of ours is named in the settings


@dataclass(frozen=True)
class Statement:
    """One result of the field, e.g. `dkim=pass header.d=x.vn`; everything in small letters."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


def of_mail(app: AppContext, mail: Message) -> Sender:
    """The sender of a mail that was read from the mailbox."""
    with app.sessions.reading() as session:
        return sender(mail, app.settings.authserv_id, lambda domain: usually_passes(session, domain))


def sender(mail: Message, servers: Collection[str], usual: Callable[[str], bool]) -> Sender:
    """Who a mail is from, and whether that can be doubted.

    Args:
        servers: ids of our own mail servers (RFC 8601, authserv-id); none: `Authentication-Results` says nothing.
        usual: whether the mail of a domain usually passes.
    """
    try:
        address, doubt = mailbox(mail), None
        doubt = _sent_by_another(mail, address)
    except ValueError as fault:
        address, doubt = "", str(fault)
    if not servers:
        return Sender(address, doubt, None)
    domain = address.rpartition("@")[2]
    authenticated = authentication(_texts(mail, "authentication-results"), domain, servers)
    if doubt is None and authenticated.result == Result.FAIL:
        doubt = f"tên miền {domain} không được xác thực ({authenticated.reason})"
    elif doubt is None and authenticated.result == Result.NONE and usual(domain):
        doubt = f"thư từ {domain} thường được xác thực, thư này thì không ({authenticated.reason})"
    return Sender(address, doubt, authenticated)


def mailbox(mail: Message) -> str:
    """The one address of From, in the spelling in which addresses are compared (RFC 5322, section 3.6.2).

    Two parsers of the standard library, of different age, have to agree on it: where they do not, a mail server or the
    reader's own mail program may see a third address.

    Raises:
        ValueError: there is not exactly one; says why.
    """
    if any(isinstance(defect, _MALFORMED) for defect in mail.defects):
        raise ValueError("phần đầu thư có dòng sai quy cách")
    fields = _texts(mail, "from")
    if len(fields) != 1:
        raise ValueError("thư có nhiều dòng From" if fields else "thư không có dòng From")
    return _one_address(fields[0], "From")


def _sent_by_another(mail: Message, address: str) -> str | None:
    """Whether somebody else sent it for the author of From: a claim of its own that nobody checks."""
    fields = _texts(mail, "sender")
    if not fields:
        return None
    try:
        by = _one_address(fields[0], "Sender") if len(fields) == 1 else None
    except ValueError:
        by = None
    return None if by == address else f"dòng Sender ({by or 'không đọc được'}) khác dòng From ({address})"


def _texts(mail: Message, name: str) -> list[str]:
    """The values of a field, topmost first, unfolded; encoded words are left as they are."""
    values = [str(value) for field, value in mail.raw_items() if field.lower() == name]
    raw = (re.sub(r"\r?\n(?=[ \t])", "", value).encode(errors="surrogateescape") for value in values)
    return [value.decode(errors="replace") for value in raw]  # RFC 6532: what is not ASCII is UTF-8


def _one_address(text: str, name: str) -> str:
    if not text.strip():
        raise ValueError(f"dòng {name} trống")
    if len(text) > LONGEST["from"]:
        raise ValueError(f"dòng {name} quá dài")
    if any(c == "\ufffd" or unicodedata.category(c) in INVISIBLE for c in text.replace("\t", " ")):
        raise ValueError(f"dòng {name} có ký tự điều khiển hoặc ký tự ẩn")
    try:
        read = default.header_factory("from", text)
        old = [address for _, address in getaddresses([text])]
    except Exception:  # both raise whatever they trip over
        raise ValueError(f"dòng {name} không đọc được") from None
    if any(group.display_name is not None for group in read.groups):
        raise ValueError(f"dòng {name} ghi một nhóm địa chỉ")
    if len(read.addresses) > 1 or len(old) > 1:
        raise ValueError(f"dòng {name} có nhiều địa chỉ")
    wrong = any(isinstance(defect, errors.InvalidHeaderDefect) for defect in read.defects)
    if wrong or not read.addresses or [read.addresses[0].addr_spec] != old:
        raise ValueError(f"dòng {name} không phải một địa chỉ đúng quy cách")
    try:
        address = canonical(old[0])
    except EmailNotValidError:
        raise ValueError(f"dòng {name} không phải một địa chỉ đúng quy cách") from None
    local, _, domain = old[0].rpartition("@")
    if not local.isascii() and address.partition("@")[0].isascii():
        raise ValueError(f"dòng {name} viết địa chỉ bằng ký tự giống chữ thường")  # e.g. the sign of kelvin for k
    if not domain.isascii() and not any(label.startswith("xn--") for label in address.rpartition("@")[2].split(".")):
        raise ValueError(f"dòng {name} viết tên miền bằng ký tự giống chữ thường")  # e.g. full width
    return address


def authentication(fields: Sequence[str], domain: str, servers: Collection[str]) -> Authentication:
    """What our own server says of a domain.

    Args:
        fields: every `Authentication-Results`, topmost first.
        domain: that of From, as `canonical` spells it.
    """
    ids = {server.lower() for server in servers}
    ours = next((text for text in fields if authserv_id(text) in ids), None)
    if ours is None:
        return Authentication(Result.NONE, NO_FIELD)
    if (results := statements(ours)) is None:  # none of our server's making: what came with the mail made it so
        return Authentication(Result.FAIL, "kết quả xác thực của máy chủ thư không đọc được")
    return _by_dmarc([s for s in results if s.method == "dmarc"], domain) or _by_spf_and_dkim(results, domain)


def authserv_id(text: str) -> str | None:
    """Whose field it is; None when it does not say. Told by its beginning alone: what a sender got into the rest of our
    server's own field, such as a quote without an end, must not make the next field the topmost one.
    """
    match = _ID.match(text)
    return (match[1] or match[2] or "").lower() or None if match else None


def statements(text: str) -> list[Statement] | None:
    """The results of a field. Comments say nothing, what is quoted ends no result.

    Returns:
        None for a field that cannot be read: it is too long, or leaves a quote or comment open.
    """
    plain = _without_comments(text) if len(text) <= LONGEST["authentication-results"] else None
    return None if plain is None else list(_statements(plain))


def _statements(plain: str) -> Iterator[Statement]:
    parts = list(_split(plain))
    if parts and parts[0][1:] not in ([], ["1"]):  # RFC 8601, section 2.2: another version, not ours to read
        return
    for words in parts[1:]:
        pairs = [word.partition("=") for word in words]
        if not pairs or not pairs[0][1]:
            continue  # "none", or no result at all
        method, _, result = pairs[0]
        properties: dict[str, str] = {}
        for name, _, value in pairs[1:]:
            properties.setdefault(name.lower(), _bare(value).lower())
        yield Statement(method.split("/")[0].lower(), _bare(result).lower(), properties)


def _split(plain: str) -> Iterator[list[str]]:
    """The words between semicolons."""
    words: list[str] = []
    for word in _WORDS.findall(plain):
        if word == ";":
            yield words
            words = []
        else:
            words.append(word)
    if words:
        yield words


def _without_comments(text: str) -> str | None:
    """Each comment (RFC 5322, section 3.2.2; they nest) as a blank; None when a quote or a comment has no end.

    Also when a quote begins in a comment: servers tell there for which address they looked something up, and what a
    sender quotes in it (`"x) ; dmarc=pass ("@evil.test`) ends the comment.
    """
    kept, depth, quoted, escaped = [], 0, False, False
    for c in text:
        if not depth:
            kept.append(c)
        if escaped:
            escaped = False
        elif c == "\\" and (quoted or depth):
            escaped = True
        elif c == '"':
            if depth:
                return None
            quoted = not quoted
        elif c == "(" and not quoted:
            if not depth:
                kept[-1] = " "
            depth += 1
        elif c == ")" and depth:
            depth -= 1
    return None if quoted or depth else "".join(kept)


def _bare(value: str) -> str:
    """A value without the quotes around it."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    return value


def _by_dmarc(results: Sequence[Statement], domain: str) -> Authentication | None:
    """The word of DMARC (RFC 7489, section 11.2); None where it says nothing. Of several the worst counts."""
    about = {s.properties.get("header.from") for s in results}
    if any(s.result in _FAILED for s in results):
        return Authentication(Result.FAIL, "dmarc=fail")
    if any(other not in (None, domain) for other in about):
        return Authentication(Result.FAIL, "dmarc của một tên miền khác")
    if results and all(s.result == Result.PASS for s in results) and about == {domain}:
        return Authentication(Result.PASS, "dmarc")
    return None


def _by_spf_and_dkim(results: Sequence[Statement], domain: str) -> Authentication:
    """Where there is no DMARC: a pass of either for the domain of From (RFC 7489, section 3.1), else a failure."""
    spf = [s for s in results if s.method == "spf"]
    dkim = [s for s in results if s.method == "dkim" and any(_aligned(d, domain) for d in _signers(s))]
    if any(s.result == Result.PASS for s in dkim):
        return Authentication(Result.PASS, "dkim")
    if any(s.result == Result.PASS and _aligned(_host(s.properties.get("smtp.mailfrom", "")), domain) for s in spf):
        return Authentication(Result.PASS, "spf")
    for s in (*spf, *dkim):
        if s.result in _FAILED:
            return Authentication(Result.FAIL, f"{s.method}={s.result}")
    return Authentication(Result.NONE, "không có kết quả cho tên miền này")


def _signers(statement: Statement) -> list[str]:
    """The domain that signed; `header.i` only where `header.d` is not told, as it may be a subdomain of it."""
    properties = statement.properties
    return [properties["header.d"]] if "header.d" in properties else [_host(properties.get("header.i", ""))]


def _host(address: str) -> str:
    return address.strip("<>").rpartition("@")[2]


def _aligned(other: str, domain: str) -> bool:
    """The same domain, or one above it, whose owner has the lower one in hand. Not one below: it may be let out."""
    other = other.rstrip(".")
    return "." in other and (domain == other or domain.endswith(f".{other}"))


def usually_passes(session: Session, domain: str) -> bool:
    """Whether most of the last mails of a domain that were accepted had passed."""
    rows = session.execute(
        select(Submission.message_id, Submission.authentication)
        .join(Verdict, Verdict.submission_id == Submission.id)
        .where(COUNTS, Verdict.outcome.in_(ACCEPTED))
        .where(Submission.authentication.is_not(None), Submission.sender.endswith(f"@{domain}", autoescape=True))
        .order_by(Submission.id.desc())
        .limit(USUAL * 20)  # a mail may bring several files
    )
    mails = {row.message_id: row.authentication for row in reversed(rows.all())}
    last = list(mails.values())[-USUAL:]
    return bool(last) and 2 * last.count(Result.PASS) > len(last)
