"""Settings, all from the environment (prefix `DONDOC_`)."""

import os
import re
import stat
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dondoc import keys
from dondoc.errors import Problem

# pydantic's kinds of error, by their beginning
WHY = {
    "ip_": "không phải dải mạng; viết dạng 10.10.0.0/16, nhiều dải cách nhau bằng dấu phẩy",
    "int_": "không phải số nguyên",
    "float_": "không phải số",
    "greater_than": "số quá nhỏ",
    "less_than": "số quá lớn",
    "bool_": "chỉ nhận true hoặc false",
    "timezone": "thiếu múi giờ; viết dạng 2021-11-22T07:00+07:00",
    "datetime": "không phải thời điểm; viết dạng 2021-11-22T07:00+07:00",
}
ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@]{1,64}@[A-Za-z0-9.-]{1,255}", re.ASCII)  # of mail, bare
LARGEST_SECRET = 65_536  # bytes of a file that holds one
WEB = re.compile(r"https?://[!-~]+", re.ASCII)
DATA = Path(__file__).resolve().parents[2]
Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """Every setting of dondoc, with its default and what it is for. Read again at each call of `load()`."""

    model_config = SettingsConfigDict(
        env_prefix="DONDOC_", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    home: Path = Field(Path(".dondoc"), description="Folder for drop/, originals/, reports/, nights/ and thumbnails/.")
    database_url: SecretStr | None = Field(None, description="SQLAlchemy URL; default: SQLite dondoc.db under home.")
    data: Path = Field(DATA, description="Folder that holds directives/, forms/, letters/ and reports/.")
    directive: Annotated[list[Path], NoDecode] = Field(
        [], description="Letters as YAML: a file, several (comma list), or a folder; default: directives/ under data."
    )
    calendar: Path | None = Field(None, description="Override file of working days; default: the one shipped.")
    probe_allow: Annotated[list[Network], NoDecode] = Field(
        [],
        description="CIDRs that may be probed, comma list. Loopback, metadata, multicast, IPv6 that carries an IPv4 "
        "address and their like only by a network of their own.",
    )
    reference_hosts: Annotated[list[str], NoDecode] = Field(
        [],
        description="host:port, comma list, inside DONDOC_PROBE_ALLOW: when none answers, our own side is down.",
    )
    per_site: int = Field(4, ge=1, description="Cameras of one site that are looked at at a time.")
    spread_minutes: float = Field(30, ge=0, description="Over how long a scheduled look spreads its starts.")
    prefer_substream: bool = Field(True, description="Look at the sub-stream where a form or its brand has one.")
    refusals_per_site: int = Field(
        2,
        ge=1,
        description="Refusals of one password at one site that stop its use there for the night; as many different "
        "passwords, at most 3, may one device refuse in a night.",
    )
    check_retention_days: int = Field(
        400, ge=31, description="Nightly results older than this become monthly counts. Outages are kept for ever."
    )
    thumbnails: bool = Field(
        False,
        description="Keep the newest picture of each camera for operators: small, encrypted, 7 days at most; never of "
        "one that is restricted, records sound, or whose system the directive excludes.",
    )
    onvif_port: int = Field(
        80, ge=0, le=65535, description="Where a camera is asked for its clock, over HTTP, once a week. 0: nowhere."
    )
    device_info_agencies: Annotated[list[str], NoDecode] = Field(
        [],
        description="Ids of agencies (comma list) that agreed: once a week their cameras and recorders are asked for "
        "model and firmware by ONVIF, with the login that was given for the picture, never in clear. Empty: nobody's.",
    )
    secret_key: SecretStr | None = Field(
        None, description="Comma list: the first, of 32 bytes at least, encrypts and signs, all decrypt."
    )
    mode: Literal["rehearsal", "live"] = Field("rehearsal", description="In rehearsal all letters go to one address.")
    rehearsal_to: str | None = Field(None, description="Where every letter goes in rehearsal.")
    archive_address: str | None = Field(None, description="Second recipient of each SMTP transaction: proof.")
    archive_imap_url: SecretStr | None = Field(None, description="Mailbox of the archive address.")
    lease_seconds: float = Field(300, gt=0, description="How long a worker may hold an outbox row, in real seconds.")
    grace_days: int = Field(1, ge=0, description="Working days after the last day before the first overdue letter.")
    promise_days: int = Field(
        10, ge=1, description="Working days that an agency's promise may put off; for more it asks for an extension."
    )
    promises_per_duty: int = Field(2, ge=1, description="How often an agency may promise the same thing.")
    contact_months: int = Field(
        24, ge=1, description="Months after which name, telephone and address of a former contact are masked, daily."
    )
    two_approvers: bool = Field(
        False, description="Letters to anyone above the clerk leave only when two different approvers said yes."
    )
    outage_nights: int = Field(2, ge=1, description="Bad nights in a row before an outage opens.")
    source_max_age_minutes: int = Field(60, gt=0, description="A source read longer ago than this makes us blind.")
    min_free_mb: int = Field(200, ge=0, description="Below this free space nothing is acknowledged at its source.")
    max_file_mb: int = Field(
        50, gt=0, description="A larger file in drop/ or a larger mail is kept whole but not read; a person is told."
    )
    mails_per_run: int = Field(
        200, ge=1, description="Mails that one run takes in; registered senders come first, the rest in the next runs."
    )
    mailbox_seconds: float = Field(
        600, gt=0, le=600, description="How long one reading of the mailbox may take, all of it; at most 600."
    )
    mail_seconds: float = Field(120, gt=0, description="How long fetching one mail may take; then it is given up.")
    letter_seconds: float = Field(
        180, gt=0, description="How long handing over one letter may take; at most 3/5 of DONDOC_LEASE_SECONDS."
    )
    answers_per_day: int = Field(
        200,
        ge=0,
        description="Answers in 24 hours to all unregistered senders together, besides 20 to one address; beyond it "
        "nobody is answered by itself, a person sees what came.",
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file of authorities (or of one server's own certificate) that are believed besides the "
        "system's, by every connection under TLS: mail, mailbox, archive, pings.",
    )
    allow_plain_login: bool = Field(
        False,
        description="Send passwords of mail servers unencrypted to other hosts too. Without it they leave this machine "
        "only under TLS.",
    )
    clock: AwareDatetime | None = Field(None, description="Starts the clock elsewhere; only with mail to loopback.")
    clock_since: float | None = Field(
        None, description="Real time of DONDOC_CLOCK (epoch): one clock for all processes."
    )
    smtp_url: SecretStr | None = Field(None, description="smtp[s]|smtp+starttls://user:password@host:port?from=…")
    imap_url: SecretStr | None = Field(None, description="imap[s]|imap+starttls://user:password@host:port/FOLDER")
    survey_url: SecretStr | None = Field(
        None,
        description="kobo+https://:token@host/form,form or odk+https://user:password@host/project/form,form: the "
        "forms of a survey server whose submissions are taken in.",
    )
    intake_address: str | None = Field(
        None,
        description="Address of the mailbox that intake reads: Reply-To of every letter. Default: the user of "
        "DONDOC_IMAP_URL (dondoc_imap), where that is an address.",
    )
    authserv_id: Annotated[list[str], NoDecode] = Field(
        [],
        description="Ids (comma list) by which our own mail server signs its Authentication-Results (RFC 8601). Unset: "
        "these say nothing, and whoever writes a registered address into From is taken for its owner.",
    )
    ops_address: str | None = Field(None, description="Who is told of failures, besides contacts of role ops.")
    alerts_per_day: int = Field(20, ge=1, description="Most letters about failures, and that they are over, in a day.")
    ping_gather_url: SecretStr | None = Field(
        None, description="Asked for (GET) after each gather run that went well, e.g. a check of healthchecks.io."
    )
    ping_night_url: SecretStr | None = Field(
        None, description="Asked for (GET) after each look at the cameras that went well."
    )
    public_url: str = Field("http://127.0.0.1:8080", description="Address of the Airflow UI, for links in letters.")
    trusted_proxies: Annotated[list[Network], NoDecode] = Field(
        [],
        description="CIDRs of the proxies before the pages, comma list: only from these is a forwarded header believed "
        "(X-Forwarded-For, -Proto, -Host, Forwarded). Empty: from nobody.",
    )
    schedules: Literal["on", "off"] = Field("on", description="off: no DAG starts by itself, as in the demo.")
    metrics_file: Path | None = Field(
        None, description="Metrics of the cameras are put here after each look, e.g. for node_exporter's textfiles."
    )
    installation: str = Field(
        "dondoc.invalid",
        pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$",
        description="Domain part of every Message-ID: this installation's.",
    )

    @field_validator(
        "directive",
        "probe_allow",
        "reference_hosts",
        "device_info_agencies",
        "authserv_id",
        "trusted_proxies",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("reference_hosts")
    @classmethod
    def _places(cls, value: list[str]) -> list[str]:
        for place in value:
            host, _, port = place.rpartition(":")
            if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
                raise ValueError("mỗi máy chủ tham chiếu viết dạng host:port")
        return value

    @field_validator("secret_key")
    @classmethod
    def _strong(cls, value: SecretStr | None) -> SecretStr | None:
        """The first key writes, and must be strong. Older ones only open what they closed."""
        if (parts := key_parts(value)) and (weak := keys.weakness(parts[0])):
            raise PydanticCustomError(
                "weak_key",
                "khóa đầu tiên {weak}; tạo khóa bằng lệnh {make}, đặt TRƯỚC khóa cũ (nếu có), cách nhau bằng dấu phẩy, "
                "rồi chạy dondoc rotate-key",
                {"weak": weak, "make": keys.MAKE},
            )
        return value

    @field_validator("ping_gather_url", "ping_night_url")
    @classmethod
    def _web(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not WEB.fullmatch(value.get_secret_value()):
            raise ValueError("không phải một địa chỉ web; viết dạng https://máy-chủ/đường-dẫn")
        return value

    @field_validator("intake_address")
    @classmethod
    def _bare(cls, value: str | None) -> str | None:
        if value and not ADDRESS.fullmatch(value):
            raise ValueError("không phải một địa chỉ thư; viết dạng tiep-nhan@co-quan.vn")
        return value

    def page(self, path: str) -> str:
        """The address of a page of the Airflow UI or ours, for a letter."""
        return f"{self.public_url.rstrip('/')}/{path}"

    @property
    def url(self) -> str:
        """The database URL in clear: hand it to SQLAlchemy, never to a log."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.home / 'dondoc.db').absolute()}"

    @property
    def shared_folders(self) -> tuple[Path, ...]:
        """Folders under home that others than our own account may have a right to: they keep their modes."""
        return (self.home / "drop", *((self.metrics_file.parent,) if self.metrics_file else ()))

    @property
    def directive_files(self) -> list[Path]:
        named = self.directive or [self.data / "directives"]
        lists = (sorted(path.glob("*.yaml")) if path.is_dir() else [path] for path in named)
        return [path for found in lists for path in found if path.name != "working-days.yaml"]

    @property
    def calendar_file(self) -> Path:
        return self.calendar or self.data / "directives" / "working-days.yaml"

    @property
    def secret_keys(self) -> list[str]:
        """The keys, first one current; empty when none is set."""
        return key_parts(self.secret_key)


# What may stand in a file of its own
FROM_FILES = tuple(name for name, field in Settings.model_fields.items() if field.annotation == SecretStr | None)


def key_parts(value: SecretStr | None) -> list[str]:
    """The keys of a comma list, first one current."""
    return [part.strip() for part in (value.get_secret_value() if value else "").split(",") if part.strip()]


def load() -> Settings:
    """Read the settings; what is secret also from the file that `DONDOC_…_FILE` names.

    Raises:
        Problem: naming each variable that is wrong and why, without its value (it may be a secret).
    """
    wrong: dict[str, str] = {}
    given: dict[str, Any] = {}
    for name in FROM_FILES:
        if path := os.environ.get(f"{variable(name)}_FILE"):
            try:
                if secret := _secret_in(name, Path(path)):
                    given[name] = secret
            except ValueError as error:
                wrong[f"{variable(name)}_FILE"] = str(error)
    try:
        found = Settings(**given)
    except ValidationError as error:
        wrong |= {variable(str(e["loc"][0])): _why(e["type"], e) for e in reversed(error.errors(include_url=False))}
    if wrong:
        listed = "; ".join(f"{name}: {wrong[name]}" for name in sorted(wrong))
        raise Problem(f"Cấu hình chưa đúng: {listed}. Sửa biến môi trường rồi chạy lại.")
    return found


def _secret_in(name: str, path: Path) -> str:
    """The content of a secret's file, as Docker and systemd hand them over; a line end at its end is not part of it.

    An empty file is a secret that is not set, as with the variable itself.

    Raises:
        ValueError: it is set twice, or the file is unreadable, too large, or open to every account.
    """
    if os.environ.get(variable(name)):
        raise ValueError(f"đã đặt cả {variable(name)}; chỉ giữ một trong hai")
    try:
        # a pipe without a writer would keep every process waiting at its start
        with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK)) as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(LARGEST_SECRET + 1) if stat.S_ISREG(mode) else b""
        text = content.decode("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"không đọc được tệp ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError("tệp không phải văn bản UTF-8") from None
    if not stat.S_ISREG(mode):
        raise ValueError("không phải tệp thường; chép nội dung vào một tệp")
    if mode & stat.S_IRWXO:
        raise ValueError("tài khoản nào cũng đọc hoặc ghi được tệp; thu quyền lại: chmod o= tệp")
    if len(content) > LARGEST_SECRET:
        raise ValueError(f"tệp lớn hơn {LARGEST_SECRET} byte")
    return text


def _why(kind: str, error: Mapping[str, Any]) -> str:
    """What is wrong with a value, for a person; pydantic's own words for what has none here."""
    if kind == "literal_error":
        return "chỉ nhận " + error["ctx"]["expected"].replace(" or ", " hoặc ")
    return next((words for start, words in WHY.items() if kind.startswith(start)), error["msg"])


def variable(field: str) -> str:
    """The environment variable of a field."""
    return f"DONDOC_{field.upper()}"


def table() -> str:
    """Every setting as a Markdown page: docs/settings.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = field.default
        default = "" if value in (None, [], DATA) else f"`{value}`"
        rows.append(f"| `{variable(name)}` | {default} | {(field.description or '').replace('|', chr(92) + '|')} |")
    head = (
        "# Settings\n\nAll from the environment. Generated: `make docs`.\n\n"
        "What is secret may stand in a file instead, which not every account can read: "
        f"{', '.join(f'`{variable(name)}_FILE`' for name in FROM_FILES)}.\n"
    )
    return "\n".join([head, "| variable | default | what it is for |", "|---|---|---|", *rows]) + "\n"
