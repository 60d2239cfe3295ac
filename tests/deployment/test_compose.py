"""What docker-compose.yaml and its companions must keep to, read from the files: no engine is needed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dondoc.settings import Settings, variable

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {"init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
SECRETS = {
    "FERNET_KEY",
    "JWT_SECRET",
    "API_SECRET_KEY",
    "DONDOC_SECRET_KEY",
    "POSTGRES_PASSWORD",
    "AIRFLOW_DB_PASSWORD",
    "DONDOC_DB_PASSWORD",
    "REDIS_PASSWORD",
    "ADMIN_PASSWORD",
}
SECRET_KEY = re.compile(r"(PASSWORD|SECRET|FERNET|AUTH|_CONN|RESULT_BACKEND|BROKER_URL|DATABASE_URL|IMAP_URL)")
PLAIN = {"AIRFLOW__CORE__AUTH_MANAGER"}  # its name looks like a secret's
# Not for an installation to say: set in the image, kept as Airflow's Connections, or of the demo.
NOT_HERE = {"HOME", "DATA"} | {"SMTP_URL", "IMAP_URL", "SURVEY_URL"} | {"CLOCK", "CLOCK_SINCE", "SCHEDULES"}
PINNED = re.compile(r"[a-z]+:\d+\.\d+\.?\d*(-[a-z-]+)?")
MANDATORY = re.compile(r"\$\{([A-Z_]+):\?[^}]+\}")

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def _lines(file: str) -> list[str]:
    return [line for line in (ROOT / file).read_text().splitlines() if line.strip()]


def test_the_services_are_these() -> None:
    assert set(SERVICES) == OURS | {"postgres", "redis"}


@every_service
def test_every_service_tells_whether_it_is_healthy(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


@every_service
def test_every_image_is_pinned(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


@every_service
def test_no_service_runs_as_root_or_may_become_it(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).split(":")[0] not in {"0", "root", ""}
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


@every_service
def test_every_service_is_bounded_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert service["init"] is True
    assert service["mem_limit"]
    assert service["restart"] == ("no" if name == "init" else "unless-stopped")


@every_service
def test_a_secret_comes_from_the_environment_or_not_at_all(name: str) -> None:
    for key, value in SERVICES[name]["environment"].items():
        if SECRET_KEY.search(key) and key not in PLAIN and value is not None:
            assert MANDATORY.search(value), key
            rest = MANDATORY.sub("", value)
            assert rest == "" or re.fullmatch(r"[a-z0-9+]+://[a-z]*:@[a-z]+:\d+/\w+", rest), key


def test_compose_refuses_to_start_without_any_of_the_secrets() -> None:
    assert set(MANDATORY.findall((ROOT / "docker-compose.yaml").read_text())) == SECRETS


@pytest.mark.parametrize("name", sorted(OURS))
def test_airflow_and_dondoc_have_the_same_settings_in_every_process(name: str) -> None:
    own = SERVICES[name]["environment"]
    common = COMPOSE["x-environment"]
    assert {key: own.get(key) for key in common} == common
    assert own["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert "/airflow" in own["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].rsplit("@")[-1]
    assert "/dondoc" in own["DONDOC_DATABASE_URL"].rsplit("@")[-1]


@pytest.mark.parametrize("name", sorted(OURS - {"init"}))
def test_only_the_first_step_holds_the_passwords_of_the_administrators(name: str) -> None:
    text = str(SERVICES[name]["environment"])
    assert "ADMIN_PASSWORD" not in text
    assert "POSTGRES_PASSWORD" not in text
    assert SERVICES[name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}


def test_a_night_of_cameras_leaves_the_worker_a_place_for_the_rest() -> None:
    batches = re.search(r"max_active_tis_per_dag=(\d+)", (ROOT / "dags" / "check_camera_reachability.py").read_text())
    places = COMPOSE["x-environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
    assert batches
    assert int(batches[1]) < int(places.removeprefix("${WORKER_CONCURRENCY:-").removesuffix("}"))


def test_nothing_is_reachable_from_outside_this_server() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["api-server"]
    assert all(port.startswith("127.0.0.1:") for port in published["api-server"])


def test_every_volume_that_a_service_mounts_is_named() -> None:
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert mounted == set(COMPOSE["volumes"])


def test_the_example_names_every_secret_and_holds_none() -> None:
    given = dict(line.split("=", 1) for line in _lines(".env.example") if not line.startswith("#"))
    assert set(given) == SECRETS
    assert not any(given.values())


def test_the_example_offers_only_what_compose_reads() -> None:
    known = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yaml").read_text())) | set(
        COMPOSE["x-environment"]
    )
    assert _offered() <= known


def test_every_setting_reaches_the_containers_and_is_offered_by_the_example() -> None:
    """A line in .env that no service is handed has no effect, and nothing says so."""
    settings = {variable(name) for name in Settings.model_fields} - {f"DONDOC_{name}" for name in NOT_HERE}
    assert settings <= set(COMPOSE["x-environment"])
    assert settings - {"DONDOC_DATABASE_URL", "DONDOC_SECRET_KEY"} <= _offered()


def _offered() -> set[str]:
    return {line[1:].split("=")[0] for line in _lines(".env.example") if re.match(r"#[A-Z_]+=", line)}


def test_the_image_is_built_from_a_pinned_base_and_locked_packages() -> None:
    lines = _lines("Dockerfile")
    base = next(line for line in lines if line.startswith("ARG BASE="))
    assert PINNED.fullmatch(base.removeprefix("ARG BASE="))
    assert {line.split()[1] for line in lines if line.startswith("FROM ")} == {"${BASE}"}
    assert "--require-hashes" in "\n".join(lines)


def test_the_image_ends_as_a_user_who_is_not_root() -> None:
    users = [line.split()[1] for line in _lines("Dockerfile") if line.startswith("USER ")]
    assert users == [SERVICES["worker"]["user"]]


def test_only_named_files_enter_the_build() -> None:
    rules = [line for line in _lines(".dockerignore") if not line.startswith("#")]
    assert rules[0] == "*"
    assert "!.env" not in rules
    copied = {
        part
        for line in _lines("Dockerfile")
        if line.startswith("COPY ") and "--from" not in line
        for part in line.split()[1:-1]
    }
    assert {part.rstrip("*") for part in copied} == {rule[1:] for rule in rules if rule.startswith("!")}
