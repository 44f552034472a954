"""The manifests fit the program, each other and the API of Kubernetes. Static: there is no cluster here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from hub.cli.app import app
from hub.cli.running import STOPPING
from hub.config import load
from hub.plugins import settings_types
from hub.signals import Signals
from monitoring.health import Health
from monitoring.metrics import Metrics
from monitoring.router import router
from tests.architecture.manifests import KINDS, KUBERNETES, ROOT, documents, unknown

COMMANDS = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
ALL = {(one["kind"], one["metadata"]["name"]): one for path in sorted(KUBERNETES.glob("*.yaml")) for one in documents(path)}
RUNNING = [name for kind, name in ALL if kind == "Deployment"]
PODS = {name: ALL[kind, name]["spec"]["template"] for kind, name in ALL if kind in ("Deployment", "Job")}


def of(kind: str) -> Iterator[dict[str, Any]]:
    return (one for (found, _), one in ALL.items() if found == kind)


def container(name: str) -> dict[str, Any]:
    [only] = PODS[name]["spec"]["containers"]
    return dict(only)


def test_every_field_is_one_of_the_api() -> None:
    found = {name: list(unknown(one, KINDS[one["apiVersion"], one["kind"]])) for (_, name), one in ALL.items()}
    assert {name: fields for name, fields in found.items() if fields} == {}
    assert sorted(PODS) == ["hub-api", "hub-migrate", "hub-worker"]
    assert not [one for one in ALL.values() if "namespace" in one["metadata"]]


def test_a_double_key_and_an_unknown_field_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: {b: 1, b: 2}\n")
    with pytest.raises(AssertionError, match="a key stands twice"):
        documents(tmp_path / "a.yaml")
    assert list(unknown({"metadata": {"nmae": "x"}}, KINDS["v1", "Secret"])) == [".metadata.nmae"]


def test_the_configuration_loads_and_its_secrets_are_those_of_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ALL["ConfigMap", "hub-config"]["data"]["hub.yaml"]
    given = ALL["Secret", "hub-secrets"]["stringData"]
    assert set(re.findall(r"env:(\w+)(?! \()", text.replace("env:NAME", ""))) == set(given)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "hub.yaml").write_text(text, "utf-8")
    config = load(tmp_path / "hub.yaml", *settings_types())
    assert config.store_url() == given["HUB_STORE"]
    assert config.channels_url() == given["HUB_CHANNELS"]
    mounts = {mount["mountPath"] for mount in container("hub-api")["volumeMounts"]}
    folders = {f"/etc/hub/{folder}" for folder in (*config.hub.folders.mappings, *config.hub.folders.definitions)}
    assert folders | {"/etc/hub/hub.yaml"} <= mounts
    assert config.hub.listen == f"0.0.0.0:{container('hub-api')['ports'][0]['containerPort']}"


@pytest.mark.parametrize("name", sorted(PODS))
def test_a_pod_starts_a_command_of_the_hub_as_nobody_special(name: str) -> None:
    pod, only = PODS[name]["spec"], container(name)
    assert only["args"][0] in COMMANDS
    assert only["image"] == f"channelhub:{tomllib.loads((ROOT / 'pyproject.toml').read_text('utf-8'))['project']['version']}"
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": "false", "readOnlyRootFilesystem": "true", "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "deploy/Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert user is not None
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == user.groups()
    assert (pod["securityContext"]["runAsNonRoot"], pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (
        "true",
        "false",
        "false",
    )
    assert set(only["resources"]["requests"]) == {"cpu", "memory"}
    assert set(only["resources"]["limits"]) == {"memory"}
    assert {volume["name"] for volume in pod["volumes"]} == {mount["name"] for mount in only["volumeMounts"]}
    assert {("ConfigMap", volume["configMap"]["name"]) for volume in pod["volumes"] if "configMap" in volume} <= set(ALL)
    assert {("Secret", source["secretRef"]["name"]) for source in only["envFrom"]} <= set(ALL)


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_probes_ask_addresses_that_are_there_and_a_stop_has_its_time(name: str) -> None:
    only, addresses = container(name), router(None, Metrics(Signals()), Health({}))  # type: ignore[arg-type]
    paths = {route.path for route in addresses.routes if isinstance(route, APIRoute)}
    asked = {word: only[word]["httpGet"] for word in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {word: probe["path"].rpartition("/")[2] for word, probe in asked.items()} == {
        "startupProbe": "live", "livenessProbe": "live", "readinessProbe": "ready",
    }  # fmt: skip
    assert {probe["path"] for probe in asked.values()} <= paths
    [port] = only["ports"]
    assert {probe["port"] for probe in asked.values()} == {port["name"]}
    annotations = PODS[name]["metadata"]["annotations"]
    assert (annotations["prometheus.io/port"], annotations["prometheus.io/path"] in paths) == (port["containerPort"], True)
    if "--listen" in only["args"]:
        assert only["args"][only["args"].index("--listen") + 1] == f"0.0.0.0:{port['containerPort']}"
    before = int(only.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["", "0"])[1])
    assert int(PODS[name]["spec"]["terminationGracePeriodSeconds"]) >= before + STOPPING + 10


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_labels_find_their_pods(name: str) -> None:
    spec, labels = ALL["Deployment", name]["spec"], PODS[name]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == ALL["Deployment", name]["metadata"]["labels"]
    [spread] = spec["template"]["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == labels
    budget = ALL["PodDisruptionBudget", name]["spec"]
    assert budget["selector"]["matchLabels"] == labels
    assert int(budget["minAvailable"]) < int(spec["replicas"])


def test_the_service_finds_the_api_and_nothing_else() -> None:
    service = ALL["Service", "hub-api"]["spec"]
    assert [name for name in PODS if PODS[name]["metadata"]["labels"].items() >= service["selector"].items()] == ["hub-api"]
    assert service["ports"][0]["targetPort"] == container("hub-api")["ports"][0]["name"]
