"""The four DAGs, once each, and what a person would do in between."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from dondoc.configuration.context import AppContext
from dondoc.demo.airflow import FINAL, WAITING, Airflow
from dondoc.demo.days import APPROVER, DAY
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import OutboxState

GATHER, CHECK = "gather_survey_submissions", "check_camera_reachability"
ESCALATE, REPORT = "escalate_overdue_agencies", "weekly_status_report"
DAGS = {GATHER, CHECK, ESCALATE, REPORT}
APPROVE = "Duyệt gửi"


class Runs:
    """Runs of this demo. `states` holds the last state of each, `say` tells the person.

    Args:
        login: makes the named user the one who speaks to Airflow.
        approve: whether the demo's approver answers by himself.
    """

    def __init__(self, airflow: Airflow, login: Callable[[str], None], say: Callable[[str], None], approve: bool):
        self._airflow, self._login, self._say, self._approve = airflow, login, say, approve
        self.states: dict[str, str] = {}
        self._tried: set[int] = set()

    def all(self) -> None:
        """Gather, check, escalate, report; and gather again after each approval, so that what was approved leaves."""
        self.one(GATHER)
        self.one(CHECK, as_of=DAY, look="all")
        self.one(ESCALATE, as_of=DAY)
        self.one(GATHER)
        self.one(REPORT, as_of=DAY)
        self.one(GATHER)

    def one(self, dag: str, **conf: Any) -> None:
        """Run a DAG to its end, or to the question that it asks a person."""
        run = self._airflow.start(dag, **conf)
        state = self._airflow.await_end(dag, run, FINAL | {WAITING})
        while state == WAITING and self._approve:  # a report asks when it is drawn up, each for itself
            self._answer(dag, run)
            state = self._airflow.await_end(dag, run, FINAL | {WAITING})
        red = self._airflow.failed_tasks(dag, run)
        state = "failed" if red else state  # a run whose last task is green is green to Airflow
        self.states[run] = state
        more = {WAITING: f"{self._airflow.url}/dags/{dag}/runs/{run}/required_actions", "failed": ", ".join(red)}
        self._say(": ".join(filter(None, (dag, WORDS[state], more.get(state)))))

    def _answer(self, dag: str, run: str) -> None:
        self._login(APPROVER)
        questions = self._airflow.questions(dag, run)
        self._airflow.await_scheduler()  # one that is asked meanwhile is answered next time
        for question in questions:
            self._airflow.answer(dag, run, question, APPROVE)
            self._say(f"{dag}: người duyệt của bản thử ({APPROVER}) đã duyệt: {question['subject']}")
        self._login("admin")

    @property
    def failed(self) -> bool:
        return "failed" in self.states.values()

    def deliver_what_was_approved(self, app: AppContext) -> None:
        """Gather once more when a person has released letters, in Airflow, on the pages or by the command."""
        with app.sessions.reading() as session:
            pending = set(session.scalars(select(OutboxLetter.id).where(OutboxLetter.state == OutboxState.PENDING)))
        if pending - self._tried:
            self._tried |= pending
            self._say(f"Có {len(pending)} thư chờ gửi: chạy {GATHER}.")
            self.one(GATHER)


WORDS = {"success": "xong", "failed": "KHÔNG CHẠY ĐƯỢC", WAITING: "chờ người duyệt"}
