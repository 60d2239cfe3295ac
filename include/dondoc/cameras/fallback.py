"""cv2.VideoCapture for what is not spoken here (UDP only, MJPEG): one camera in one child process, one connection more.

What the child is told keeps FFmpeg from what it would do by itself:

- A process of its own: OpenCV opens FFmpeg under a lock of the whole process, so one dead camera stops all others.
- `probesize`, `analyzeduration`: by default it watches a stream for seconds before it gives a picture.
- Time-outs for opening and reading are counted apart, so each gets half.
- The address holds the IP that was checked against the allow list, never a name; `protocol_whitelist` leaves FFmpeg
  nothing but RTSP to follow a redirect with, and stage 1 was just described at this address without one.
- `allowed_media_types`: it would set up the sound too, and give up the picture when that is refused.
- Address and login go through standard input: arguments and environment can be read by others.
- A login only where `can_log_in`: what FFmpeg cannot answer would be a refused login, and cameras lock accounts.

Reads one line of JSON from standard input, writes one line of JSON with the fields of `Seen`.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from dondoc.cameras.address import Address
from dondoc.cameras.decoder import START, Decoder, Seen, end, heard, start
from dondoc.cameras.digest import Challenge
from dondoc.cameras.network import Ip

OPTIONS = (
    "rtsp_transport;{transport}|allowed_media_types;video|probesize;32|analyzeduration;0"
    "|protocol_whitelist;rtsp,rtp,udp,tcp,tls"
)
NOTHING: dict[str, Any] = {
    "verdict": "no_frame",
    "detail": "camera không gửi hình theo cách nào đọc được",
    "features": {},
}


def can_log_in(challenge: Challenge | None) -> bool:
    """Whether FFmpeg can answer what stage 1 logged in under: no SHA-256, no quotes in the realm."""
    return challenge is None or (
        challenge.method in ("MD5", "BASIC") and not {'"', "\\"} & set(challenge.parts.get("realm", ""))
    )


def source(address: Address, ip: Ip, login: tuple[str, str] | None) -> str:
    """The address to open: a secret when there is a login."""
    host = f"[{ip}]" if ip.version == 6 else str(ip)
    info = ":".join(quote(part, safe="") for part in login) + "@" if login else ""
    return f"{address.scheme}://{info}{host}:{address.port}{address.path}"


async def look(
    url: str,
    transport: str,
    decoder: Decoder,
    *,
    timeout: float,
    past: Mapping[str, Any] | None = None,
    thumbnail: bool = False,
) -> Seen:
    """One picture of a camera that stage 1 has described.

    Args:
        url: from `source`.
        transport: `tcp` or `udp`.
        timeout: seconds for the network.
        past, thumbnail: as for `Decoder.judge`.
    """
    asked = {"url": url, "past": past, "half_ms": int(timeout * 500), "thumbnail": thumbnail}
    request = json.dumps(asked).encode()
    async with decoder.elsewhere:
        options = OPTIONS.format(transport=transport)
        child = await start("dondoc.cameras.fallback", decoder.limits, OPENCV_FFMPEG_CAPTURE_OPTIONS=options)
        try:
            async with asyncio.timeout(timeout + START):
                answer, _ = await child.communicate(request + b"\n")
            return heard(answer)
        except (TimeoutError, OSError, ValueError):  # ValueError: it crashed, and said nothing
            return Seen(**NOTHING)
        finally:
            await end(child)


def main() -> None:
    """Open, read one picture, judge it."""
    from dondoc.cameras import measure, picture

    picture.limit(network=True)
    request = json.loads(sys.stdin.readline())
    bgr = capture(request["url"], request["half_ms"])
    seen = NOTHING
    if bgr is not None:
        limits = json.loads(sys.argv[1])
        seen = picture.look(measure.planes(bgr), request["past"], limits, thumbnail=request["thumbnail"])
    picture.say(json.dumps(seen))


def capture(url: str, half_ms: int) -> Any:
    """The first picture as an array of shape (height, width, 3) in BGR, or None."""
    import cv2

    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, half_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, half_ms]
    opened = cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)  # CAP_ANY would ignore the limits
    try:
        return opened.read()[1]
    finally:
        opened.release()  # says TEARDOWN


if __name__ == "__main__":
    main()
