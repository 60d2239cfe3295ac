"""From where a request comes: what headers of a proxy say counts only when the proxy is one of ours."""

from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from dondoc.configuration.settings import Network

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Caller:
    """`address`: of the visitor's machine, None over a Unix socket. `origin`: ours, as the visitor's browser knows it
    (scheme, host and port); None when the request names no single host."""

    address: str | None
    origin: str | None

    @property
    def encrypted(self) -> bool:
        return self.origin is not None and self.origin.startswith("https:")


def origin_of(url: str) -> str | None:
    """Scheme, host and port of a URL, in one spelling (RFC 6454); None for anything else, such as `null`."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port or _PORTS[parts.scheme]}"


def caller(scope: MutableMapping[str, Any], trusted: Sequence[Network]) -> Caller:
    """Who sent a request, and under which origin.

    `X-Forwarded-For`, `-Proto` and `-Host`, else `Forwarded` (RFC 7239), are believed when the connection comes from a
    network in `trusted`, and only what the last trusted proxy wrote: whatever stands further left a visitor may have
    made up.
    """
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    scheme, host = str(scope.get("scheme", "http")), hosts[0] if len(hosts) == 1 else None
    address = _bare(str(scope["client"][0])) if scope.get("client") else None
    if address is None or not _within(address, trusted):
        return Caller(address, origin_of(f"{scheme}://{host}") if host else None)
    hops = _x_forwarded(headers) or _forwarded(headers)
    for hop in reversed(hops):
        scheme, host = hop.get("proto", scheme), hop.get("host", host)
        if not (client := _bare(hop.get("for", ""))):
            break
        address = client
        if not _within(address, trusted):
            break
    return Caller(address, origin_of(f"{scheme}://{host}") if host else None)


def forged(headers: Headers, own: Collection[str | None]) -> bool:
    """Whether a request that changes something may have been sent by a page that is not ours.

    Airflow has no defence of its own against that. `own`: the origins that are us.
    """
    if headers.get("sec-fetch-site", "").strip().lower() == "cross-site":
        return True
    source = headers.get("origin") or headers.get("referer")
    return not source or (origin := origin_of(source)) is None or origin not in own


def _x_forwarded(headers: Headers) -> list[dict[str, str]]:
    """One entry a proxy; scheme and host belong to the last one, which alone is sure to have written them."""
    hops = [{"for": part} for part in _list(headers, "x-forwarded-for")]
    last = {name: values[-1] for name in ("proto", "host") if (values := _list(headers, f"x-forwarded-{name}"))}
    if last:
        hops = hops or [{}]
        hops[-1] |= last
    return hops


def _forwarded(headers: Headers) -> list[dict[str, str]]:
    hops = []
    for part in _list(headers, "forwarded"):
        pairs = (pair.partition("=") for pair in part.split(";"))
        hops.append({name.strip().lower(): value.strip().strip('"') for name, _, value in pairs})
    return hops


def _list(headers: Headers, name: str) -> list[str]:
    return [part.strip() for value in headers.getlist(name) for part in value.split(",") if part.strip()]


def _bare(text: str) -> str | None:
    """An IP address without the port that may stand behind it; None for anything else."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)  # as a socket for both versions names an IPv4 peer
    return any((mapped or ip) in network for network in networks)
