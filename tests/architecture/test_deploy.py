"""What is deployed fits what the programs read: commands, settings, environment names, ports. Static: no container engine is asked."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hub.cli.app import app
from hub.cli.output import Exit
from hub.cli.running import STOPPING
from hub.config import load
from hub.plugins import settings_types
from tests.architecture.manifests import ROOT, documents

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
ROOMS = {"adapters", "canonical_model", "connectors", "hub", "mappings", "monitoring"}
PROCESSES = ("api", "worker", "migrate")
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
IMAGE = (ROOT / "deploy/Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file; durations and ports of it are text here."""
    [only] = documents(ROOT / "docker-compose.yml")
    return only


def filled(text: str) -> str:
    """A value with its variable put in."""
    return re.sub(r"\$\{HUB_PASSWORD[^}]*\}", "secret", text)


def options(words: list[str]) -> set[str]:
    return {word for word in words if word.startswith("--")}


def known(command: str) -> set[str]:
    return {option for parameter in COMMANDS[command].params for option in parameter.opts}


def test_the_environment_of_a_process_is_what_its_configuration_asks_for(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = set(re.findall(r"env:(\w+)", (ROOT / "deploy/hub.yaml").read_text("utf-8")))
    for name in PROCESSES:
        given = compose["services"][name]["environment"]
        assert set(given) - {"HUB_CONFIG"} == wanted
        for variable, text in given.items():
            monkeypatch.setenv(variable, filled(text))
        config = load(ROOT / "deploy/hub.yaml", *settings_types())
        assert config.store_url() == "postgresql+psycopg://hub:secret@postgres:5432/hub"
        assert config.channels_url() == "amqp://hub:secret@rabbitmq:5672/hub"


def test_addresses_name_services_users_and_databases_that_are_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    given = services["api"]["environment"]
    store = re.fullmatch(r"postgresql\+psycopg://(\w+):.*@(\w+):5432/(\w+)", given["HUB_STORE"])
    broker = re.fullmatch(r"amqp://(\w+):.*@(\w+):5672/(\w+)", given["HUB_CHANNELS"])
    assert store is not None
    assert broker is not None
    database, rabbit = services[store[2]]["environment"], services[broker[2]]["environment"]
    assert (database["POSTGRES_USER"], database["POSTGRES_DB"]) == (store[1], store[3])
    assert (rabbit["RABBITMQ_DEFAULT_USER"], rabbit["RABBITMQ_DEFAULT_VHOST"]) == (broker[1], broker[3])


def test_commands_ports_and_images(compose: dict[str, Any]) -> None:
    services = compose["services"]
    port = re.search(r"listen: \S+:(\d+)", (ROOT / "deploy/hub.yaml").read_text("utf-8"))
    assert port is not None
    assert services["api"]["ports"] == [f"{port[1]}:{port[1]}"]
    for name in PROCESSES:
        command = services[name]["command"]
        assert options(command) <= known(command[0])
        assert (ROOT / services[name]["build"]["dockerfile"]).is_file()
        assert set(services[name]["depends_on"]) <= set(services)
        assert (services[name]["read_only"], services[name]["cap_drop"]) == ("true", ["ALL"])
    assert f"127.0.0.1:{port[1]}/health/ready" in services["api"]["healthcheck"]["test"][-1]
    listens = services["worker"]["command"][2].rpartition(":")[2]
    assert f"127.0.0.1:{listens}/health/ready" in services["worker"]["healthcheck"]["test"][-1]
    assert re.fullmatch(r"rabbitmq:(3\.1[0-9]|4\.\d+)(-management)?", services["rabbitmq"]["image"])
    assert re.fullmatch(r"postgres:1[5-9]", services["postgres"]["image"])


def test_files_that_are_mounted_are_there(compose: dict[str, Any]) -> None:
    mounted = [volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", ())]
    files = {place for place in mounted if place.startswith("./")}
    assert files == {"./deploy/hub.yaml", "./deploy/rabbitmq.conf"}
    assert all((ROOT / place).is_file() for place in files)


def test_tables_are_made_before_anybody_looks_for_them_and_a_stop_has_its_time(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["command"] == ["migrate"]
    assert services["migrate"]["restart"] == "no"
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api", "worker"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert int(services[name]["stop_grace_period"].removesuffix("s")) >= STOPPING + 10
    assert all("mem_limit" in service for name, service in services.items() if name != "migrate")


def test_the_image_takes_every_room_and_the_python_of_the_project() -> None:
    copied = {word for line in re.findall(r"^COPY (?!--)(.+) \S+$", IMAGE, re.MULTILINE) for word in line.split()}
    assert copied >= ROOMS
    assert all((ROOT / name).exists() for name in copied)
    sent = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied <= sent
    assert re.findall(r"^FROM python:3\.1[1-9]-", IMAGE, re.MULTILINE)
    assert IMAGE.count("--require-hashes") == 2


def test_the_image_takes_what_runs_at_the_versions_of_the_lock_file_and_no_tools() -> None:
    command = [sys.executable, str(ROOT / "deploy/pinned.py"), str(ROOT / "pyproject.toml"), str(ROOT / "requirements.lock")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert [line.partition("==")[0] for line in lines] == [re.split("[>=]", one)[0] for one in wanted]
    lock = (ROOT / "requirements.lock").read_text("utf-8").lower()
    plain = [re.sub(r"\[.*?\]", "", line).lower() for line in lines]
    assert [line for line in plain if f"\n{line} \\" not in lock] == []
    tools = subprocess.run([*command, "uv", "setuptools"], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^(\w+)==", tools, re.MULTILINE) == ["uv", "setuptools"]
    assert tools.count("--hash=sha256:") > 2


def unit_of(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, "utf-8")
    return parser


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_start_commands_that_are_there_and_end_what_stands_still(unit: Path) -> None:
    service = unit_of(unit)["Service"]
    words = service["ExecStart"].split()
    assert options(words) <= known(words[1])
    assert (service["User"], service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("hub", "strict", "")
    if words[1] == "migrate":
        assert service["Type"] == "oneshot"
        return
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) > 0
    assert int(service["TimeoutStopSec"]) >= STOPPING + 10
    assert service["RestartPreventExitStatus"].split() == [str(int(Exit.USAGE)), str(int(Exit.MISCONFIGURED))]
    assert (service["Restart"], unit_of(unit)["Unit"]["StartLimitIntervalSec"]) == ("always", "0")
    assert unit_of(unit)["Unit"]["PartOf"] == unit_of(unit)["Install"]["WantedBy"] == "hub.target"
    assert (ROOT / "deploy/systemd/hub.target").is_file()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here to verify the units with")
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for unit in (*UNITS, ROOT / "deploy/systemd/hub.target"):
        shutil.copy(unit, tmp_path / unit.name.replace("@.", "@1."))
    for unit in sorted(tmp_path.iterdir()):
        done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
        said = [line for line in (done.stderr + done.stdout).splitlines() if "is not executable" not in line]
        assert said == [], unit.name
