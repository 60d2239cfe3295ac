"""From words to a letter: the one place that makes keys. A key is never made otherwise again, or who has had a letter
gets it twice: tests/mail/test_compose.py has one of each kind.
"""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dondoc.configuration.settings import Settings
from dondoc.mail.letter import Letter
from dondoc.mail.render import Rendered
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.notices import Notice


@dataclass(frozen=True)
class About:
    """What one recipient is never told twice.

    `secret`: makes the Message-ID unguessable, so that who names it in a reply has the letter.
    """

    parts: tuple[str, ...]
    secret: tuple[str, ...] = ()

    def key(self, installation: str, recipient: str) -> str:
        return "|".join((installation, *self.parts, recipient, *self.secret))


def of_step(
    directives: Iterable[str], agency: str, kind: LetterKind, step: str, day: date, decided_on: date | None = None
) -> About:
    """A decision of the ladder. `decided_on`: of a trial for another day, which is no decision."""
    when = f"{day}@{decided_on}" if decided_on and decided_on != day else f"{day}"
    return About((*sorted(directives), agency, kind, step, when))


def of_report(directive: str, agency: str, as_of: datetime, draft: str | None = None) -> About:
    """A week's report. `draft`: its number, where it takes the place of one whose letters had not left."""
    moment = f"{as_of:%Y-%m-%dT%H:%M}"
    return About((directive, agency, LetterKind.REPORT, f"{moment} {draft}" if draft else moment))


def of_answer(survey: str, agency: str | None, folder: str, outcome: str, content: str) -> About:
    """What was sent: two arrivals with the same content get one answer."""
    return About((survey, agency or "-", folder, outcome, content))


def of_withdrawal(message_id: str, again: int) -> About:
    """A letter that was sent wrongly. `again`: how often it has been withdrawn or kept, as people may change twice."""
    return About((LetterKind.WITHDRAWAL, message_id, str(again)))


def of_change(survey: str, agency: str, submission: int, code: str | None) -> About:
    """A change of contacts that a form named."""
    return About((survey, agency, LetterKind.CONTACT_CHANGE, str(submission)), (code or "-",))


def of_cameras(survey: str, agency: str, kind: LetterKind, what: str) -> About:
    """What a check of an agency's cameras found."""
    return About((survey, agency, kind, what))


def of_notice(survey: str, what: str) -> About:
    """Something that our own people do, or have to know."""
    return About((survey, LetterKind.INTERNAL, what))


def part_of_notice(notice: Notice) -> str:
    """What the keys of all letters of a notice contain, and no other's."""
    return f"|{LetterKind.INTERNAL}|{notice}|"


def of_alert(what: str) -> About:
    """A failure of the installation, whatever the letters and surveys."""
    return About(("alert", what))


def plain(subject: str, text: str) -> Rendered:
    """Words that no template was needed for."""
    return Rendered(subject, text, f"<pre>{html.escape(text)}</pre>")


def letter(
    settings: Settings, kind: LetterKind, recipient: str, words: Rendered, about: About, reason: str, **more: Any
) -> Letter:
    """A letter to one recipient; `more`: further fields of `Letter`."""
    return Letter(
        kind=kind,
        recipient=recipient,
        subject=words.subject,
        text=words.text,
        html=words.html,
        dedup=about.key(settings.installation, recipient),
        reason=reason,
        office_hours=kind.office_hours,
        **more,
    )
