"""GStreamer's RTSP server, of which many cameras' own are made: what somebody else thinks that RTSP is.

As a program: `/usr/bin/python3 gstreamer.py [LOGIN]`, with the Debian packages; LOGIN is `basic` or `digest`. It prints
its port when it can be asked; with `--lacking`, what is not installed.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PYTHON = "/usr/bin/python3"  # its packages are for Debian's own
USER, PASSWORD = "admin", "mật:khẩu"
NEEDED = ("videotestsrc", "x264enc", "jpegenc", "rtph264pay", "rtpjpegpay", "alawenc")
SOURCE = (
    "videotestsrc is-live=true pattern={} ! video/x-raw,format=I420,width={},height={},framerate=15/1 ! x264enc {} ! "
)
FAST = "tune=zerolatency speed-preset=ultrafast key-int-max={}"
SCENE = "zone-plate kx2=20 ky2=20"
PLAIN = SOURCE.format(SCENE, 640, 360, FAST.format(15))
SOUND = "audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay{} pt=8 "
STREAMS = {
    "usual": PLAIN + "rtph264pay name=pay0 pt=96",
    "described-once": PLAIN + "rtph264pay name=pay0 pt=97 config-interval=0",
    "aggregated": PLAIN + "rtph264pay name=pay0 pt=96 config-interval=-1 aggregate-mode=max-stap",
    "small-packets": PLAIN + "rtph264pay name=pay0 pt=96 mtu=200",
    "large-packets": PLAIN + "rtph264pay name=pay0 pt=96 mtu=60000",
    "slices": SOURCE.format(SCENE, 640, 360, FAST.format(15) + " sliced-threads=true threads=4")
    + "rtph264pay name=pay0 pt=96",
    "intra-refresh": SOURCE.format(SCENE, 640, 360, FAST.format(15) + " intra-refresh=true")
    + "rtph264pay name=pay0 pt=96",
    "interlaced": SOURCE.format(SCENE, 720, 576, "speed-preset=ultrafast interlaced=true key-int-max=15")
    + "rtph264pay name=pay0 pt=96",
    "jpeg": PLAIN.partition("x264enc")[0] + "jpegenc quality=60 ! rtpjpegpay name=pay0 pt=26",
    "sound-first": SOUND.format(0) + PLAIN + "rtph264pay name=pay1 pt=96",
    "sound-after": PLAIN + "rtph264pay name=pay0 pt=96 " + SOUND.format(1),
    "sound-alone": SOUND.format(0),
    "black": SOURCE.format("black", 640, 360, FAST.format(15)) + "rtph264pay name=pay0 pt=96",
}


def is_installed() -> bool:
    """Whether the Debian packages are there."""
    try:
        asked = subprocess.run([PYTHON, __file__, "--lacking"], capture_output=True, text=True)
    except OSError:
        return False
    return asked.returncode == 0 and not asked.stdout.strip()


@contextmanager
def server(login: str = "") -> Iterator[str]:
    """Its address on loopback. Below `/udp/` the same streams are sent over UDP alone."""
    command = [PYTHON, __file__, *([login] if login else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        try:
            assert program.stdout is not None
            yield f"rtsp://127.0.0.1:{int(program.stdout.readline())}"
        finally:
            program.kill()


def _main(told: str) -> None:
    import gi

    for library in ("Gst", "GstRtsp", "GstRtspServer"):
        gi.require_version(library, "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

    Gst.init(None)
    if told == "--lacking":
        print(*(name for name in NEEDED if not Gst.ElementFactory.find(name)))
        return
    made = _server(Gst, GstRtsp, GstRtspServer, told)
    made.attach(None)
    print(made.get_bound_port(), flush=True)
    GLib.MainLoop().run()


def _server(gst: Any, rtsp: Any, servers: Any, login: str) -> Any:
    made = servers.RTSPServer()
    made.set_address("127.0.0.1")
    made.set_service("0")
    if login:
        made.set_auth(_auth(rtsp, servers, login))
    for name, launch in STREAMS.items():
        for path, over in ((name, "TCP"), (f"udp/{name}", "UDP")):
            factory = servers.RTSPMediaFactory()
            factory.set_launch(f"( {launch} )")
            factory.set_protocols(getattr(rtsp.RTSPLowerTrans, over))
            if login:
                rights = "user,media.factory.access=(boolean)true,media.factory.construct=(boolean)true"
                factory.add_role_from_structure(gst.Structure.from_string(rights)[0])
            made.get_mount_points().add_factory(f"/{path}", factory)
    return made


def _auth(rtsp: Any, servers: Any, login: str) -> Any:
    token = servers.RTSPToken()
    token.set_string("media.factory.role", "user")
    made = servers.RTSPAuth()
    made.set_supported_methods(getattr(rtsp.RTSPAuthMethod, login.upper()))
    if login == "digest":
        made.add_digest(USER, PASSWORD, token)
    else:
        made.add_basic(servers.RTSPAuth.make_basic(USER, PASSWORD), token)
    return made


if __name__ == "__main__":
    _main("".join(sys.argv[1:]))
