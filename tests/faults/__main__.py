"""Command line of the fault harness: ``python -m tests.faults``, or ``./dev faults``."""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from tests.faults.conductor import Order, every, run
from tests.faults.rules import BREAKS, CORPUS

PER_KILL, LEAST, FEW = 15, 3_000, 400
"""Documents for each kill, and at least; with a broken rule."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all is well, 1 on any fault."""
    chosen = _parser().parse_args(arguments)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1, 1_000_000)
    few = chosen.broken or chosen.every
    kills = chosen.kills if chosen.kills is not None else 4 if few else 20
    documents = chosen.documents or (FEW if few else max(LEAST, PER_KILL * kills))
    extra = tuple(name for name in ("purge_queue", "restart_broker", "restart_database") if getattr(chosen, name))
    signal.signal(signal.SIGTERM, _interrupt)
    print(f"seed {seed}: {documents} documents, {kills} kills", file=sys.stderr, flush=True)
    order = Order(
        chosen.setup, kills, seed, documents, chosen.broken or "", extra, special=not chosen.broken,
        only=CORPUS.get(chosen.broken, ()), seconds=chosen.seconds, keep=chosen.keep,
    )  # fmt: skip
    counts = every(order, _say(chosen.json)) if chosen.every else run(order, _say(chosen.json))
    print(json.dumps(counts, ensure_ascii=False) if chosen.json else "\n".join(f"{name:26} {value}" for name, value in counts.items()))
    return 0 if counts["ok"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev faults", description="Kill a hub in traffic and prove that nothing is lost.")
    parser.add_argument("--setup", choices=("embedded", "production"), default="embedded")
    parser.add_argument("--kills", type=int, help="kill -9 from outside and at points inside, together; 20 if absent")
    parser.add_argument("--documents", type=int, help=f"documents in the corpus; {PER_KILL} a kill and at least {LEAST} if absent")
    parser.add_argument("--seed", type=int, help="what is drawn; a new one if absent")
    parser.add_argument("--break", dest="broken", choices=sorted(BREAKS), help="break a rule of the lane: the run must fail")
    parser.add_argument("--break-every", dest="every", action="store_true", help="each switch in turn: 0 when every one was seen")
    parser.add_argument("--purge-queue", action="store_true", help="empty the wake-up queues in traffic (production)")
    parser.add_argument("--restart-broker", action="store_true", help="kill the broker and start it again (production)")
    parser.add_argument("--restart-database", action="store_true", help="stop the database at once and start it again (production)")
    parser.add_argument("--seconds", type=float, default=3600, help="the longest that a run may take")
    parser.add_argument("--keep", action="store_true", help="leave the folder there, also when all is well")
    parser.add_argument("--json", action="store_true", help="every count as one object in the last line")
    return parser


def _say(as_json: bool):  # type: ignore[no-untyped-def]
    def say(text: str) -> None:
        print(f"faults: {text}", file=sys.stderr if as_json else sys.stdout, flush=True)

    return say


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
