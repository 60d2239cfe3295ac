"""Frigate's config.yml: streams in its own go2rtc, cameras that read them from there.

Not in `cameras.*.ffmpeg.inputs` directly: there Frigate percent-encodes passwords a second time. `{FRIGATE_…}` is
replaced by Frigate in both places (its documentation, "Environment variable substitution").
"""

from collections.abc import Sequence
from itertools import groupby

from dondoc.cameras.exports.streams import Stream, commented, head, unasked

HOW = (
    "Frigate: nhận dạng (detect) và ghi hình đang tắt, bật cho từng camera khi cần.",
    "Đặt biến môi trường FRIGATE_…; tên đăng nhập, mật khẩu viết dạng mã hóa phần trăm (ví dụ @ là %40).",
)


def render(streams: Sequence[Stream], *, passwords: bool, notes: Sequence[str] = ()) -> str:
    """The file; with passwords in it, or with variables in their place."""
    sources = commented((s, [unasked(s.with_password if passwords else _with_variables(s))]) for s in streams)
    nested = "".join(f"  {line}\n" for line in sources.splitlines())
    cameras = commented((mine[0], _camera(mine)) for mine in _by_camera(streams))
    text = f"mqtt:\n  enabled: false\ngo2rtc:\n  streams:\n{nested}cameras:\n{cameras}"
    return head((*notes, *(HOW[:1] if passwords else HOW))) + text


def _with_variables(stream: Stream) -> str:
    if stream.login is None:
        return stream.url
    return stream.with_login(f"{{FRIGATE_{stream.login}_USER}}", f"{{FRIGATE_{stream.login}_PASSWORD}}")


def _by_camera(streams: Sequence[Stream]) -> list[list[Stream]]:
    """Main and sub-stream of a camera together, the main one first: its name is the camera's."""
    return [list(mine) for _, mine in groupby(streams, key=lambda stream: stream.camera)]


def _camera(streams: Sequence[Stream]) -> dict[str, object]:
    """Each role belongs to one input: recordings from the main stream, detection from the smaller one."""
    roles = [["record"], ["detect"]] if len(streams) > 1 else [["detect", "record"]]
    inputs = [
        {"path": f"rtsp://127.0.0.1:8554/{stream.name}", "input_args": "preset-rtsp-restream", "roles": role}
        for stream, role in zip(streams, roles, strict=True)
    ]
    return {"ffmpeg": {"inputs": inputs}, "detect": {"enabled": False}, "record": {"enabled": False}}
