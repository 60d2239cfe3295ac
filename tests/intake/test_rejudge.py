"""What is stored is judged again by what is known now: shown first, then done, and told."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from dondoc.audit import Actor, Channel
from dondoc.configuration.context import AppContext
from dondoc.intake import inbox, rejudge
from dondoc.intake.rejudge import Rejudged
from dondoc.intake.verdicts import without_reading
from dondoc.vocabulary.submissions import Outcome

from .conftest import DUC_THO, OFFICER, Desk
from .test_judge import bring, cameras, newest, status

PERSON = Actor("Nguyễn Văn A", "nva", Channel.PAGE)
NEW = "moi@ductho.test"


def seen(desk: Desk) -> list[Rejudged | str]:
    return list(rejudge.changes(desk.app, desk.now))


def done(desk: Desk) -> list[Rejudged | str]:
    return list(rejudge.apply(desk.app, desk.now, by=PERSON))


def test_a_sender_who_is_registered_later_is_shown_then_accepted_then_told(desk: Desk) -> None:
    submission = bring(desk, desk.form(), sender=NEW)
    assert newest(desk, submission).outcome == "waiting"
    assert seen(desk) == []
    desk.register(DUC_THO, NEW)
    [shown] = seen(desk)
    assert isinstance(shown, Rejudged)
    assert (shown.as_row()["before"], shown.as_row()["after"]) == ("waiting", "accepted")
    assert newest(desk, submission).outcome == "waiting"  # only shown
    assert cameras(desk) == []
    told = len(desk.letters())

    [change] = done(desk)
    assert isinstance(change, Rejudged)
    assert (newest(desk, submission).outcome, newest(desk, submission).version) == ("accepted", 1)
    assert len(cameras(desk)) == 2
    assert status(desk, DUC_THO) == "fulfilled"
    [letter] = [one for one in desk.letters()[told:] if one.kind == "receipt"]
    assert letter.recipient == NEW
    assert "đã kiểm tra lại theo quy định và danh bạ hiện nay Biểu mẫu 03 (tệp" in letter.text
    assert (seen(desk), done(desk)) == ([], [])


def test_a_rule_that_has_changed_is_told_to_the_senders_whose_cells_it_concerns(desk: Desk, tmp_path: Path) -> None:
    bring(desk, desk.form("ubnd-huyen-vu-quang"), sender="")
    bring(desk, desk.form(wrong=2))  # its correction, still wrong, is what its sender is asked about
    bad, stranger = bring(desk, desk.form(wrong=1)), bring(desk, desk.form(wrong=1, note=" khác"), sender=NEW)
    data = tmp_path / "include"
    shutil.copytree(desk.app.settings.data, data, ignore=shutil.ignore_patterns("dondoc"))
    common = data / "forms" / "common.yaml"
    words = common.read_text().replace("variants: [1080p, ", "variants: [1080p, nét cao, ", 1)
    common.write_text(words)
    later = Desk(AppContext(desk.app.settings.model_copy(update={"data": data})), desk.now)
    change, of_stranger = [one for one in seen(later) if isinstance(one, Rejudged)]
    assert (change.submission.id, of_stranger.submission.id) == (bad, stranger)
    assert change.as_row()["settled_errors"] == [f"not_in_list {cell(change)}"]
    assert change.as_row()["new_errors"] == []
    before = len(later.letters())
    done(later)
    [letter] = later.letters()[before:]
    assert (letter.recipient, letter.kind) == (OFFICER, "returned")
    assert "Đề nghị sửa 02 chỗ" in letter.subject
    assert newest(later, stranger).answered, "what waits for us as before is nothing to write to its sender about"


def cell(change: Rejudged) -> str:
    return next(str(i["cell"]) for i in change.before.issues if i["code"] == "not_in_list")


def test_what_a_person_put_aside_or_a_newer_version_replaced_stays_as_it_is(desk: Desk) -> None:
    aside = bring(desk, desk.form(), sender=NEW)
    with desk.app.sessions.begin() as session:
        inbox.dismiss(session, desk.app.secrets, aside, reason="gọi điện rồi", by=PERSON, now=desk.now)
    bring(desk, desk.form(wrong=1))
    bring(desk, desk.form())
    bring(desk, desk.form(cameras=3))
    desk.register(DUC_THO, NEW)
    assert seen(desk) == []


@pytest.mark.parametrize("apply", [False, True])
def test_judging_again_changes_no_version_where_nothing_has_changed(desk: Desk, apply: bool) -> None:
    for cameras_in_it in (1, 2, 3):
        bring(desk, desk.form(cameras=cameras_in_it))
    before = [(v.id, v.version) for v in desk.verdicts()]
    assert (done(desk) if apply else seen(desk)) == []
    assert [(v.id, v.version) for v in desk.verdicts()] == before


def test_a_file_of_no_agency_is_judged_again_for_the_one_whose_it_turns_out_to_be_and_for_no_other(desk: Desk) -> None:
    submission = bring(desk, desk.form(), sender=OFFICER)
    with desk.app.sessions.begin() as session:  # as a reader that could not open it left it
        refused = without_reading(submission, Outcome.REFUSED, "tệp bị hỏng", desk.now, answered=True)
        session.add(refused)
    for_it = partial(rejudge.changes, desk.app, desk.now)
    assert [*for_it(agency="ubnd-huyen-vu-quang")] == [*for_it(form="form_01")] == []
    [change] = for_it(agency=DUC_THO, form="form_03")
    assert isinstance(change, Rejudged)
    assert (change.before.agency, change.after.agency) == (None, DUC_THO)
    rejudged = [*rejudge.apply(desk.app, desk.now, by=PERSON, agency="ubnd-huyen-vu-quang")]
    assert (rejudged, newest(desk, submission).outcome) == ([], "refused")
