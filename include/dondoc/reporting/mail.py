"""The week's e-mail: what a reader must know who opens nothing else. The workbook hangs on it, with all the rest."""

from collections import Counter
from datetime import date

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.directive.names import in_period
from dondoc.documents import words
from dondoc.facts.desk import desk as desk_of
from dondoc.mail.render import Rendered, render
from dondoc.mail.shapes import LateWords, ReportWords
from dondoc.masking import without_addresses
from dondoc.reporting import sentences
from dondoc.reporting.figures.model import Figures, LateAgency
from dondoc.vocabulary.reports import Ask

SHOWN = 30  # agencies in the table: Gmail cuts a letter at 102 KB, and nobody reads more on a phone


def rendered(app: AppContext, letter: Directive, figures: Figures) -> Rendered:
    """The e-mail of a report, signed with our officer of that day, as known then."""
    with app.sessions.reading() as session:
        desk = desk_of(session, app.registry, [letter], figures.day, figures.known_at)
    return render(app.settings.data, app.registry, "report", words_of(figures, letter, desk), figures.day)


def attached(figures: Figures) -> str:
    """The name of the workbook: without accents, for old programs."""
    return f"so_lieu_{figures.day:%Y%m%d}.xlsx"


def words_of(figures: Figures, letter: Directive, desk: str | None) -> ReportWords:
    day, total, registry = figures.day, figures.headline, letter.registry
    late = figures.late_agencies
    return {
        "matter": letter.weekly_report.short or (f"Văn bản {letter.number}" if letter.number else "Số liệu"),
        "week": figures.week,
        "owed": total.owed,
        "done": total.fulfilled,
        "late": total.late,
        "asked": _asked(figures),
        "superior": words.today(registry, letter.superior, day).name,
        "issuer": words.today(registry, letter.issuer, day).name,
        "moment": figures.as_of.astimezone(HERE),
        "sentences": opening(figures, letter),
        "rows": [_row(agency, day) for agency in late[:SHOWN]],
        "more": max(0, len(late) - SHOWN),
        "attached": attached(figures),
        "about": words.about(letter, day),
        "desk": desk,
    }


def opening(figures: Figures, letter: Directive) -> list[str]:
    """The sentences that the report opens with, without where in that document the rest of it stands."""
    return sentences.summary(figures, letter, refer=False)


def _asked(figures: Figures) -> int:
    """Agencies of which the superior is asked for a word; 0 where a person wrote the proposals: nobody counts those."""
    if figures.texts.proposals is not None:
        return 0
    return len({name for one in figures.proposals if one.ask is not Ask.KEEP_CHASING for name in one.agencies})


def _row(agency: LateAgency, today: date) -> LateWords:
    days = sorted({duty.working_days_late for duty in agency.duties})
    return {
        "agency": agency.name,
        "missing": _missing(agency),
        "days": "–".join(words.number(n) for n in dict.fromkeys((days[0], days[-1]))),
        "chased": without_addresses(sentences.late_state(agency, today)),
    }


def _missing(agency: LateAgency) -> str:
    """What an agency is late with; the system is named where two would be called the same."""
    names = [in_period(duty.deliverable, duty.text, duty.period) for duty in agency.duties]
    count = Counter(names)
    return "; ".join(name if count[name] == 1 else duty.what for name, duty in zip(names, agency.duties, strict=True))
