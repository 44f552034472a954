"""What is deployed fits what the programs read: commands, settings, environment names, ports. Static: no container engine is asked."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.cli.app import app
from hub.config import load
from hub.plugins import settings_types

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
ROOMS = {"adapters", "canonical_model", "connectors", "hub", "mappings", "monitoring"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file; durations and ports of it are text here."""
    return dict(yaml.load((ROOT / "docker-compose.yml").read_text("utf-8"), yaml.BaseLoader))


def filled(text: str) -> str:
    """A value with its variable put in."""
    return re.sub(r"\$\{HUB_PASSWORD[^}]*\}", "secret", text)


def test_the_environment_of_a_process_is_what_its_configuration_asks_for(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = set(re.findall(r"env:(\w+)", (ROOT / "deploy/hub.yaml").read_text("utf-8")))
    for name in ("api", "worker"):
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
    for name in ("api", "worker"):
        assert services[name]["command"][0] in COMMANDS
        assert (ROOT / services[name]["build"]["dockerfile"]).is_file()
        assert set(services[name]["depends_on"]) <= set(services)
    assert re.fullmatch(r"rabbitmq:(3\.1[0-9]|4\.\d+)(-management)?", services["rabbitmq"]["image"])
    assert re.fullmatch(r"postgres:1[5-9]", services["postgres"]["image"])


def test_the_image_takes_every_room_and_the_python_of_the_project() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text("utf-8")
    copied = {word for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for word in line.split()}
    assert copied >= ROOMS
    assert all((ROOT / name).exists() for name in copied)
    assert re.search(r"^FROM python:3\.(1[1-9])-", text, re.MULTILINE)
    assert "--require-hashes -r requirements.lock" in text


@pytest.mark.parametrize("unit", sorted((ROOT / "deploy/systemd").glob("*.service")), ids=lambda path: path.name)
def test_units_start_commands_that_are_there_and_end_what_stands_still(unit: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read(unit, "utf-8")
    service = parser["Service"]
    assert service["ExecStart"].split()[1] in COMMANDS
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) > 0
    assert int(service["TimeoutStopSec"]) > 25
