"""``./dev demo --production``: the demo on a PostgreSQL (fsync on) and a RabbitMQ of its own, which are ended with it.

Arguments go to ``hub.simulate.demo``. Exit code 2 with the reason where one of them cannot be had.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hub.simulate import demo
from tests.services import postgres, private, rabbitmq


@contextmanager
def servers() -> Iterator[tuple[str, str]]:
    """(address of an empty database, address of the broker). Raises Unavailable with the reason."""
    with tempfile.TemporaryDirectory(prefix="hub-mq-", ignore_cleanup_errors=True) as folder:
        private.say("starting PostgreSQL and RabbitMQ")
        with postgres.private_node(fsync=True) as database, rabbitmq.private_node(Path(folder) / "node") as broker:
            yield database.of(database.create()), broker.url()


def main(arguments: Sequence[str]) -> None:
    """Command line."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if {"-h", "--help"} & set(arguments):
        demo.main(arguments)
    try:
        with servers() as (store, channels):
            demo.main([*arguments, "--store", store, "--channels", channels])
    except private.Unavailable as reason:
        print(f"the demo on PostgreSQL and RabbitMQ cannot run here: {reason}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main(sys.argv[1:])
