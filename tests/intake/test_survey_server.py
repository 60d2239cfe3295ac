"""The address of a survey server."""

import pytest

from dondoc.errors import Problem
from dondoc.intake.sources import survey_server
from dondoc.intake.sources.survey_server import SurveyServer
from dondoc.mail.servers import Trust, Unusable


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("kobo+https://:abc@kf.test/aX1,aX2", SurveyServer("kobo", "https", "kf.test", 443, "abc", ("aX1", "aX2"))),
        ("kobo+https://abc@kf.test:8443/aX1/", SurveyServer("kobo", "https", "kf.test", 8443, "abc", ("aX1",))),
        ("kobo+http://:a%2Fb@[::1]:90/aX1", SurveyServer("kobo", "http", "::1", 90, "a/b", ("aX1",))),
        (
            "odk+https://ioc%40a.vn:p%25%2F@odk.test/3/form_01,form_03",
            SurveyServer("odk", "https", "odk.test", 443, "p%/", ("form_01", "form_03"), "ioc@a.vn", "3"),
        ),
    ],
)
def test_an_address_is_read(url: str, server: SurveyServer) -> None:
    assert survey_server.from_url(url) == server
    assert server.password not in repr(server)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://:s3cret@kf.test/a", "phải bắt đầu bằng kobo+https://"),
        ("kobo+https://:s3cret@/a", "thiếu tên máy chủ"),
        ("kobo+https://kf.test/a", "thiếu khóa API"),
        ("odk+https://s3cret@odk.test/3/a", "thiếu người dùng hoặc mật khẩu"),
        ("odk+https://a:s3cret@odk.test/a", "trước mã phiếu phải là số của dự án"),
        ("odk+https://a:s3cret@odk.test/x/a", "trước mã phiếu phải là số của dự án"),
        ("kobo+https://:s3cret@kf.test/3/a", "thừa phần trước mã phiếu"),
        ("kobo+https://:s3cret@kf.test/", "phải là mã phiếu"),
        ("kobo+https://:s3cret@kf.test/a?b=c", "phải là mã phiếu"),
        ("kobo+https://:s3cret@kf.test/a%2Fb", "phải là mã phiếu"),
        ("kobo+https://:s3cret%0Ax@kf.test/a", "có ký tự lạ"),
        ("kobo+https://:s3cret@kf.test:x/a", "cổng không phải số"),
        ("kobo+https://:s3cret@[/a", "cổng không phải số"),
    ],
)
def test_one_that_cannot_be_read_is_said_without_its_secret(url: str, said: str) -> None:
    with pytest.raises(Problem, match="DONDOC_SURVEY_URL") as caught:
        survey_server.from_url(url)
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_no_login_leaves_in_clear_unless_somebody_said_so() -> None:
    from dondoc.bounded import Deadline

    bare = survey_server.from_url("kobo+http://:s3cret@192.0.2.1/a")
    with pytest.raises(Unusable, match="dùng kobo\\+https") as caught:
        survey_server.Line(bare, Deadline(1))
    assert "s3cret" not in str(caught.value)
    survey_server.Line(survey_server.from_url("kobo+http://:s3cret@127.0.0.1/a"), Deadline(1))
    survey_server.Line(survey_server.from_url("kobo+http://:s3cret@192.0.2.1/a", Trust(plain_login=True)), Deadline(1))
