"""The page ``docs/reports/topology.md``, from what ``./dev bench topology`` found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FAULT_COLUMNS = (
    ("who", "met"), ("point", "at"), ("signal", "signal"), ("times", "times"),
    ("taken_p50", "taken over, s: median"), ("taken_max", "longest"),
    ("not_taken", "not within"), ("ended_max", "ended after, s"), ("longest_wait", "longest wait of a message, s"),
    ("wake_ups_again", "wake-ups again"), ("translated_twice", "translated twice"),
)  # fmt: skip


def page(found: Mapping[str, Any]) -> str:
    """The whole page."""
    return "\n".join([*found["queues"], "", *_timeline(found), "", *_faults(found), "", *_after(found), ""])


def _timeline(found: Mapping[str, Any]) -> Iterator[str]:
    partitions = sorted({name for row in found["timeline"] for name in row if name != "second"}, key=int)
    machine = found["machine"]
    yield "## Who worked on which partition\n"
    yield f"Made by `./dev bench topology`: 3 workers, {found['rate']:g} messages of {found['packet']} documents a second,"
    yield f"{machine['cores']} cores, load {machine['load'][0]} before and {found['load_after'][0]} after. A letter is a worker that"
    yield "committed a window of the partition in that second, in the order of their first.\n"
    yield f"| second | {' | '.join(partitions)} |\n|{'---|' * (len(partitions) + 1)}"
    for row in found["timeline"]:
        yield f"| {row['second']} | {' | '.join(row.get(name, '') for name in partitions)} |"
    waits = found["waits"]
    yield f"\nFrom received to applied meanwhile: p50 {waits['p50_ms']} ms, p99 {waits['p99_ms']} ms, longest {waits['max_ms']} ms.\n"
    names = ("windows", "documents", "wake_ups", "relays", "sendings")
    yield f"| worker, whole run | {' | '.join(name.replace('_', '-') for name in names)} |\n|{'---|' * (len(names) + 1)}"
    for worker, count in found["windows"].items():
        yield f"| {worker} | {' | '.join(str(count.get(name, 0)) for name in names)} |"


def _faults(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## What happens in the second after\n"
    yield "A worker met the signal in the middle of a window, of the relay or of a sending, so that it held what another had to take over;"
    yield "SIGSTOP lasted 8 s. *Taken over*: until another worker did the same work. *Not within*: times when it did not before the stopped"
    yield "one went on (SIGSTOP), or within a minute. The longest wait is that of messages that came in the 2 s before and after.\n"
    yield f"| {' | '.join(title for _, title in FAULT_COLUMNS)} |\n|{'---|' * len(FAULT_COLUMNS)}"
    for row in found["summary"]:
        yield f"| {' | '.join('-' if row[name] is None else str(row[name]) for name, _ in FAULT_COLUMNS)} |"


def _after(found: Mapping[str, Any]) -> Iterator[str]:
    after = found["after"]
    yield "## After all of it\n"
    yield f"{after['applied']} documents applied, {after['published']} publications read by a subscriber ({after['canonical_repeats']} came"
    yield f"again), {after['answers']} answers received ({after['answers_repeated']} came again, by the same name)."
    zero = {name: after[name] for name in ("inversions", "invariants", "waiting", "canonical_gaps", "canonical_missing", "answers_lost")}
    yield f"What must be nothing: {', '.join(f'{name.replace(chr(95), chr(32))} {value or 0}' for name, value in zero.items())}."
