"""The morning over many letters: where every duty stands and what every agency is written, at growing sizes.

Each letter asks a hundred duties of agencies in turn. Half of them were answered by a form or a paper, one in a hundred
has a ruling, and every second agency has had a letter. Processor time: a size must take about twice the one before.
"""

import random
import time
from dataclasses import replace
from datetime import date, datetime, timedelta

from dondoc import clock, workdays
from dondoc.configuration.settings import DATA
from dondoc.directive.load import File, load_file, load_registry
from dondoc.directive.model import Agency, Directive, Registry
from dondoc.escalation.decision import decide
from dondoc.escalation.ladder import Ladder
from dondoc.escalation.past import SentLetter, duty
from dondoc.facts.obligations import Standing, standings
from dondoc.facts.read import Facts, Paper, Received
from dondoc.store.facts import Ruling

SHIPPED = load_registry(DATA)
NOVEMBER = load_file(DATA / "directives" / "stttt-cntt-2021-11.yaml", SHIPPED)
TODAY = date(2021, 12, 6)
SYSTEMS = [s.id for s in SHIPPED.systems]
FORMS = ("form_01", "form_02", "form_03", "form_04", "focal_letter")


def registry(agencies: int) -> Registry:
    more = tuple(
        Agency(id=f"don-vi-{i:04}", name=f"Đơn vị {i:04}", short=f"ĐV {i}", kind="district") for i in range(agencies)
    )
    return SHIPPED.model_copy(update={"agencies": (*SHIPPED.agencies, *more)})


def letter(number: int, agencies: int, known: Registry) -> Directive:
    owed = [
        {
            "system": SYSTEMS[i % len(SYSTEMS)],
            "deliverable": FORMS[(number + i) % len(FORMS)],
            "agencies": [f"don-vi-{(number * 100 + i) % agencies:04}"],
            "due_before": date(2021, 11, 25) + timedelta(days=(number + i) % 20),
        }
        for i in range(100)
    ]
    said = {"id": f"vb-{number:03}", "number": f"{number}/STTTT", "day": date(2021, 11, 1), "obligations": owed}
    return File.model_validate(NOVEMBER.content() | {"milestones": []} | said).directive(known)


def facts(letters: list[Directive], rng: random.Random) -> Facts:
    arrived: list[Received] = []
    papers: list[Paper] = []
    rulings: list[Ruling] = []
    for one in (d for letter in letters for d in letter.duties):
        when = clock.at(date(2021, 11, 10), 9) + timedelta(hours=rng.randrange(500))
        kind = rng.random()
        if kind < 0.4:
            outcome = rng.choice(("accepted", "accepted_with_warnings", "returned", "waiting"))
            arrived.append(Received(len(arrived) + 1, one.agency, "form_pac", frozenset({one.id}), outcome, None, when))
        elif kind < 0.5:
            papers.append(Paper(one.agency, frozenset({one.id}), f"{len(papers)}/CV", when.date(), when))
        elif kind < 0.51:
            rulings.append(_extended(one.agency, one.directive, when))
    arrived.sort(key=lambda s: (s.received_at, s.id))
    return Facts(tuple(papers), tuple(arrived), tuple(rulings))


def _extended(agency: str, directive: str, when: datetime) -> Ruling:
    told = {"document": "CV", "reason": "bão", "by": "A", "happened_at": when, "recorded_at": when}
    return Ruling(kind="extend", directive=directive, agency=agency, until=date(2021, 12, 20), **told)


def morning(letters: list[Directive], known: Registry, told: Facts) -> tuple[int, int]:
    """How many duties were looked at and how many agencies are written to."""
    calendar = workdays.load(DATA / "directives" / "working-days.yaml")
    ladder = Ladder(known, {one.id: one for one in letters}, calendar, 1)
    owed: dict[str, list[Standing]] = {}
    found = standings(letters, calendar, told, clock.end_of(TODAY))
    for standing in found:
        owed.setdefault(standing.agency, []).append(standing)
    past = {a: _reminded(i, a, s) for i, (a, s) in enumerate(owed.items()) if i % 2}
    decisions = [decide(ladder, a, s, past.get(a, []), TODAY) for a, s in owed.items()]
    return len(found), sum(d.step is not None for d in decisions)


def _reminded(number: int, agency: str, owed: list[Standing]) -> list[SentLetter]:
    day = TODAY - timedelta(days=5)
    one = SentLetter(number, agency, "remind_1", {}, frozenset(), day, day, "sent", sent_on=day)
    steps = {s.duty.directive: "remind_1" for s in owed}
    return [replace(one, steps=steps, duties=frozenset(duty(s) for s in owed))]


def main() -> None:
    for number, agencies in ((25, 125), (50, 250), (100, 500), (200, 1000)):
        known = registry(agencies)
        letters = [letter(n, agencies, known) for n in range(number)]
        told = facts(letters, random.Random(7))
        begun = time.process_time()
        duties, written = morning(letters, known, told)
        seconds = time.process_time() - begun
        print(f"{number:3} letters, {agencies:4} agencies, {duties:5} duties: {seconds:5.2f} s, {written} written to")


if __name__ == "__main__":
    main()
