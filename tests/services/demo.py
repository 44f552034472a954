"""``./dev demo --production``: the demo on a PostgreSQL (fsync on) and a RabbitMQ of its own, which are ended with it.

Arguments go to ``hub.simulate.demo``. Exit code 2 with the reason where one of them cannot be had.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hub.simulate import demo
from tests.services import private
from tests.services.processes import servers


def main(arguments: Sequence[str]) -> None:
    """Command line."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if {"-h", "--help"} & set(arguments):
        demo.main(arguments)
    try:
        private.say("starting PostgreSQL and RabbitMQ")
        with tempfile.TemporaryDirectory(prefix="hub-demo-", ignore_cleanup_errors=True) as folder, servers(Path(folder)) as found:
            demo.main([*arguments, "--store", found.store, "--channels", found.channels])
    except private.Unavailable as reason:
        print(f"the demo on PostgreSQL and RabbitMQ cannot run here: {reason}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main(sys.argv[1:])
