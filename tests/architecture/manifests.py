"""What deployment files are read with: YAML without hidden doubles, and the fields of Kubernetes that ours use, written down by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
Shape = Any
"""A mapping names the fields that may stand there, a list the shape of its items, ``None`` takes any value."""

META: Shape = {"name": None, "labels": {...: None}, "annotations": {...: None}}
SELECTOR: Shape = {"matchLabels": {...: None}}
PROBE: Shape = {
    "httpGet": {"path": None, "port": None}, "periodSeconds": None, "timeoutSeconds": None, "failureThreshold": None,
}  # fmt: skip
CONTAINER: Shape = {
    "name": None, "image": None, "args": None, "envFrom": [{"secretRef": {"name": None}}],
    "ports": [{"name": None, "containerPort": None}],
    "startupProbe": PROBE, "livenessProbe": PROBE, "readinessProbe": PROBE, "lifecycle": {"preStop": {"exec": {"command": None}}},
    "resources": {"requests": {"cpu": None, "memory": None}, "limits": {"memory": None}},
    "securityContext": {"allowPrivilegeEscalation": None, "readOnlyRootFilesystem": None, "capabilities": {"drop": None}},
    "volumeMounts": [{"name": None, "mountPath": None, "subPath": None, "readOnly": None}],
}  # fmt: skip
POD: Shape = {
    "restartPolicy": None, "terminationGracePeriodSeconds": None, "automountServiceAccountToken": None, "enableServiceLinks": None,
    "securityContext": {
        "runAsNonRoot": None, "runAsUser": None, "runAsGroup": None, "fsGroup": None, "seccompProfile": {"type": None},
    },
    "topologySpreadConstraints": [{"maxSkew": None, "topologyKey": None, "whenUnsatisfiable": None, "labelSelector": SELECTOR}],
    "containers": [CONTAINER], "volumes": [{"name": None, "configMap": {"name": None}, "emptyDir": {}}],
}  # fmt: skip
TEMPLATE: Shape = {"metadata": META, "spec": POD}
HEAD: Shape = {"apiVersion": None, "kind": None, "metadata": META}
KINDS: Mapping[tuple[str, str], Shape] = {
    ("v1", "ConfigMap"): HEAD | {"data": {...: None}},
    ("v1", "Secret"): HEAD | {"type": None, "stringData": {...: None}},
    ("v1", "Service"): HEAD | {"spec": {"selector": {...: None}, "ports": [{"name": None, "port": None, "targetPort": None}]}},
    ("batch/v1", "Job"): HEAD | {"spec": {"backoffLimit": None, "template": TEMPLATE}},
    ("policy/v1", "PodDisruptionBudget"): HEAD | {"spec": {"minAvailable": None, "selector": SELECTOR}},
    ("apps/v1", "Deployment"): HEAD | {"spec": {
        "replicas": None, "revisionHistoryLimit": None, "minReadySeconds": None, "selector": SELECTOR, "template": TEMPLATE,
        "strategy": {"type": None, "rollingUpdate": {"maxUnavailable": None, "maxSurge": None}},
    }},
}  # fmt: skip


def documents(path: Path) -> list[dict[str, Any]]:
    """Every document of a file, all values as text. Raises AssertionError for a key that stands twice."""
    found = []
    for node in yaml.compose_all(path.read_text("utf-8"), yaml.BaseLoader):
        _no_doubles(node, path.name)
        found.append(dict(yaml.BaseLoader("").construct_document(node)))
    return found


def _no_doubles(node: yaml.Node, where: str) -> None:
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        assert len(names) == len(set(names)), f"{where}:{node.start_mark.line + 1}: a key stands twice: {names}"
        for key, value in node.value:
            _no_doubles(value, f"{where}.{key.value}")
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _no_doubles(value, where)


def unknown(value: Any, shape: Shape, where: str = "") -> Iterator[str]:
    """Fields that the shape does not have."""
    if isinstance(shape, list):
        for n, item in enumerate(value):
            yield from unknown(item, shape[0], f"{where}[{n}]")
    elif isinstance(shape, dict):
        for name, inner in value.items():
            if name not in shape and ... not in shape:
                yield f"{where}.{name}"
            else:
                yield from unknown(inner, shape.get(name), f"{where}.{name}")
