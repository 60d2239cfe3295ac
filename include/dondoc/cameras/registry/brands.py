"""The stream's address from a row of a form: the path people wrote, else the one their brand uses."""

from collections.abc import Mapping
from typing import Any

from dondoc.cameras.registry import streams
from dondoc.directive.names import fold
from dondoc.probing.address import parse


def stream_url(row: Mapping[str, Any], *, sub: bool = False) -> str | None:
    """The address without user info; None when the row names no host or what it names is no address.

    Args:
        sub: of two paths that are written, take the sub-stream's: it is lighter to look at.
    """
    host, paths = _text(row, "host"), (_text(row, "main_path"), _text(row, "sub_path"))
    path = next(filter(None, reversed(paths) if sub else paths), "")
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
    """The path of the main stream that cameras of this brand, or the recorder they hang on, use."""
    known = streams.load()
    found = known.of_brand(fold(_text(row, "nvr"))) if _text(row, "nvr") else None
    found = found or known.of_brand(fold(_text(row, "brand")))
    channel = "".join(c for c in _text(row, "channel").removesuffix(".0") if c.isascii() and c.isdigit())[:4]
    return (found.main if found else known.generic).replace(streams.CHANNEL, str(int(channel or "1") or 1))


def only_in_the_cloud(row: Mapping[str, Any]) -> bool:
    """An operator's cloud camera whose row gives no path of its own: nothing is documented that could be asked."""
    written = _text(row, "main_path") or _text(row, "sub_path") or "://" in _text(row, "host")
    return not written and streams.load().is_cloud(fold(_text(row, "brand")))


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value).strip()
