"""The page ``docs/reports/soak.md``, from what ``./dev bench soak`` found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

EVERY = 12
"""Rows of the table of samples, about."""


def page(found: Mapping[str, Any]) -> str:
    """The whole page."""
    return "\n".join([*_head(found), "", *_processes(found), "", *_samples(found), "", *_left(found), ""])


def _head(found: Mapping[str, Any]) -> Iterator[str]:
    machine = found["machine"]
    yield f"# Soak: {found['minutes']:g} minutes at half the limit\n"
    load = f"load {machine['load'][0]} before and {found['load_after'][0]} after"
    yield f"Made by `./dev bench soak --minutes {found['minutes']:g}`: `hub api` and {found['workers']} `hub worker`, PostgreSQL with"
    yield "fsync, RabbitMQ, eight systems of SAP that send orders and changes, eight receivers of answers, one subscriber of `canonical`,"
    yield f"all on this machine ({machine['cores']} cores, Python {machine['python']}; {load}).\n"
    limit = f"The limit, measured just before, was {found['limit']} messages/s from sent to answered. " if found["limit"] else ""
    yield f"{limit}Sent: {found['real_rate']} messages/s (wanted {found['rate']}). In all {found['messages']} messages,"
    yield f"{found['published']} publications read, {found['answers']} answers. After the last message it"
    yield f"took {found['drained_seconds']} s until nothing was left to do. A message with its answer and publications took"
    spent = ", ".join(f"{name} {value}" for name, value in found["cpu_us"].items())
    yield f"{found['transactions_a_message']} transactions, and CPU microseconds: {spent}."


def _processes(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## Processes, over the last two thirds\n"
    yield "Memory in MB. In use: what the allocators of a process of ours have given out, from its metrics (`hub_python_blocks`, of"
    yield "some 93 bytes each, and `hub_c_heap_bytes`); resident: what the system says that it holds, of PostgreSQL and RabbitMQ of all"
    yield "their processes together, of PostgreSQL the anonymous part (shared buffers fill up). Slopes are by least squares, in MB an hour"
    yield "with their standard error. Counts are least - most.\n"
    yield (
        "| process | in use first | last | slope | resident first | last | slope | files | sockets | threads | processes |\n"
        + "|---" * 11
        + "|"
    )
    for name, one in found["processes"].items():
        memory = " | ".join(_trend(one.get(word)) for word in ("in_use", "memory"))
        counts = " | ".join(_span(one[word]) for word in ("files", "sockets", "threads", "processes"))
        yield f"| {name} | {memory} | {counts} |"


def _trend(one: Mapping[str, float] | None) -> str:
    return "- | - | -" if one is None else f"{one['first']} | {one['last']} | {one['slope']:+} ± {one['error']}"


def _span(span: list[int]) -> str:
    return str(span[0]) if span[0] == span[1] else f"{span[0]} - {span[1]}"


def _samples(found: Mapping[str, Any]) -> Iterator[str]:
    samples = found["samples"]
    names = list(found["processes"])
    yield "## On the way\n"
    yield "Resident memory in MB, of ours what is in use behind it."
    yield "`work`, `outbox`, `leaving` (deliveries) and `queued` (messages at the broker) at that moment;"
    yield f"{len(samples)} looks in all.\n"
    yield f"| s | {' | '.join(names)} | work | outbox | leaving | queued | load |\n|{'---|' * (len(names) + 6)}"
    for one in samples[:: max(len(samples) // EVERY, 1)]:
        memory = " | ".join(_memory(one["processes"].get(name, {})) for name in names)
        standing = " | ".join(str(one["standing"][name]) for name in ("work", "outbox", "leaving"))
        yield f"| {one['at']:g} | {memory} | {standing} | {one['queued']} | {one['load']} |"


def _memory(one: Mapping[str, float]) -> str:
    return str(one.get("memory", "-")) + (f" ({one['in_use']})" if "in_use" in one else "")


def _left(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## At the end\n"
    yield f"Left over: {', '.join(f'{name.replace(chr(95), chr(32))} {value or 0}' for name, value in found['left'].items())}."
    may = f"processes of the hub may grow by {found['threshold']:g} MB an hour, beyond two errors"
    yield f"Faults: {'; '.join(found['faults']) or 'none'} ({may})."
