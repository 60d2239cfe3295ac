"""A real Airflow on SQLite in this process. Its environment must stand before its first import."""

import contextlib
import io
import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(tempfile.mkdtemp(prefix="airflow-test-"))
os.environ.update(
    AIRFLOW_HOME=str(HOME),
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{HOME / 'airflow.db'}",
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
)

from dondoc import clock  # noqa: E402
from dondoc.configuration.context import AppContext  # noqa: E402
from dondoc.demo.fleet import Fleet  # noqa: E402
from dondoc.demo.mailboxes import PASSWORD  # noqa: E402
from dondoc.demo.mailserver import MailServer  # noqa: E402
from dondoc.facts import contacts  # noqa: E402
from tests.conftest import CLERK  # noqa: E402

INTAKE, OPS = "tiep-nhan@ioc.test", "van-hanh@ioc.test"


@pytest.fixture(scope="session")
def airflow() -> Iterator[None]:
    """Airflow's own database, migrated once; each run in it would read all DAG files and write them down anew."""
    from airflow.dag_processing import dagbag
    from airflow.utils.db import initdb

    dagbag.BundleDagBag = cache(dagbag.BundleDagBag)  # type: ignore[assignment, misc]
    dagbag.sync_bag_to_db = cache(dagbag.sync_bag_to_db)

    with contextlib.redirect_stdout(io.StringIO()):
        initdb()
    yield
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def dags() -> dict[str, Any]:
    """The DAGs as Airflow reads them."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(ROOT / "dags"))
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path / "mail") as server:
        yield server


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet() as made:
        yield made


def connect(environment: pytest.MonkeyPatch, smtp_port: int, imap_port: int) -> None:
    """The two Connections, as an administrator writes them."""
    smtp = {"disable_ssl": True, "disable_tls": True, "from_email": "IOC Hà Tĩnh <ioc@ioc.test>"}
    imap = {"use_ssl": False}
    for name, port, login, extra in (("SMTP", smtp_port, None, smtp), ("IMAP", imap_port, INTAKE, imap)):
        found = {"conn_type": name.lower(), "host": "127.0.0.1", "port": port, "extra": extra}
        found |= {"login": login, "password": PASSWORD} if login else {}
        environment.setenv(f"AIRFLOW_CONN_DONDOC_{name}", json.dumps(found))


@pytest.fixture
def desk(environment: pytest.MonkeyPatch, mail: MailServer, fleet: Fleet, app: AppContext) -> AppContext:
    """A world on Monday 22/11/2021 whose servers are Airflow Connections."""
    environment.setenv("DONDOC_CLOCK", "2021-11-22T08:00+07:00")
    environment.setenv("DONDOC_MODE", "live")
    app.settings.mode = "live"
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    environment.setenv("DONDOC_OPS_ADDRESS", OPS)
    connect(environment, mail.smtp_port, mail.imap_port)
    mail.imap_url(INTAKE)
    return app


@pytest.fixture
def peopled(desk: AppContext) -> AppContext:
    """A world with an officer for each agency, and somebody above who gets the report."""
    rows = ["agency,role,name,email,phone", "ubnd-tinh,head,Văn phòng,van-phong@ioc.test,0239"]
    with desk.sessions.reading() as session:
        letters = desk.letters(session, clock.now().date())
    agencies = sorted({duty.agency for letter in letters for duty in letter.obligations})
    rows += [f"{agency},focal_officer,Người {n},nguoi{n}@ioc.test,0912345678" for n, agency in enumerate(agencies)]
    with desk.sessions.begin() as session:
        contacts.import_csv(
            session,
            desk.registry,
            "\n".join(rows),
            "contacts.csv",
            by=CLERK,
            secrets=desk.secrets,
            now=clock.at(clock.now().date(), 0),
        )
    return desk


@pytest.fixture
def play(airflow: None) -> Callable[..., dict[str, str]]:
    """Run a DAG to its end in this process; the states of its tasks by id, and of the run under "".

    Of a mapped task those of all its instances, in their order: "success failed".
    """
    from airflow.dag_processing.dagbag import DagBag

    def run(name: str, **conf: Any) -> dict[str, str]:
        dag = DagBag(str(ROOT / "dags" / f"{name}.py")).dags[name]  # anew: a test run leaves its parameters in the DAG
        for task in dag.tasks:
            (task.partial_kwargs if task.is_mapped else vars(task))["retries"] = 0  # what fails here fails for good
        made = dag.test(run_conf=conf, mark_success_pattern="approve")
        states: dict[str, list[str]] = defaultdict(list)
        for ti in sorted(made.get_task_instances(), key=lambda ti: int(ti.map_index)):
            states[ti.task_id].append(str(ti.state))
        return {task: " ".join(each) for task, each in states.items()} | {"": str(made.state)}

    return run
