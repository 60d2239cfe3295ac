"""The demo's last words."""

from dondoc.configuration.context import AppContext
from dondoc.demo import summary
from tests.cameras.nights import AGENCY, SYSTEM, cameras, late, seen


def test_cameras_are_counted_as_on_the_page_and_in_the_report(app: AppContext) -> None:
    ids = cameras(app, *(f"{AGENCY},{SYSTEM},{n},rtsp://10.1.1.{n},,,,Cổng,," for n in range(1, 4)))
    seen(app, 0, {ids[0]: "ok", ids[1]: "auth_required"})
    said = "\n".join(summary.lines(app, late(0)))
    assert "  1  có hình tốt [ok]" in said
    assert "(01 camera có hình tốt; 01 camera đòi đăng nhập, Sở chưa có tài khoản)" in said
