"""The stream's address from a row of a form: the path people wrote, else the one their brand uses."""

from collections.abc import Mapping
from typing import Any

from dondoc.cameras.address import parse
from dondoc.directive.names import fold

# Path by brand, the first whose word is in the folded brand. {ch}: the channel. None was tried on a device.
TEMPLATES = (
    (("hikvision", "hik", "hilook", "hiwatch"), "/Streaming/Channels/{ch}01"),  # ISAPI manual
    (("dahua", "kbvision", "kb vision", "imou", "amcrest"), "/cam/realmonitor?channel={ch}&subtype=0"),
    (("ezviz",), "/h264/ch{ch}/main/av_stream"),
    (("axis",), "/axis-media/media.amp?videocodec=h264"),  # VAPIX manual
    (("uniview", "unv"), "/unicast/c{ch}/s0/live"),
    (("hanwha", "samsung", "wisenet"), "/profile2/media.smp"),
    (("tp link", "tplink", "tapo", "vigi"), "/stream1"),
    (("bosch",), "/rtsp_tunnel?h26x=4&line={ch}&inst=1"),
    (("vivotek",), "/live.sdp"),
    (("i pro", "panasonic"), "/MediaInput/h264"),
)
GENERIC = "/"  # says at least whether somebody answers there


def stream_url(row: Mapping[str, Any]) -> str | None:
    """The address without user info; None when the row names no host or what it names is no address."""
    host, path = _text(row, "host"), _text(row, "main_path") or _text(row, "sub_path")
    try:
        for whole in (path, host):
            if "://" in whole:
                return parse(whole).url  # a whole address in one cell holds as it stands
        if not host:
            return None
        if host.count(":") > 1 and not host.startswith("["):
            host = f"[{host}]"
        port = _text(row, "rtsp_port").removesuffix(".0")
        place = f"{host}:{port}" if port and not host.rpartition("]")[2].count(":") else host
        return parse(f"rtsp://{place}/{(path or template(row)).lstrip('/')}").url
    except ValueError:
        return None


def template(row: Mapping[str, Any]) -> str:
    """The path that cameras of this brand use."""
    brand = fold(_text(row, "brand"))
    channel = "".join(c for c in _text(row, "channel").removesuffix(".0") if c.isascii() and c.isdigit())[:4]
    found = next((path for words, path in TEMPLATES if any(w in brand for w in words)), GENERIC)
    return found.replace("{ch}", str(int(channel or "1") or 1))


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value).strip()
