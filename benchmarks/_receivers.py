"""Receivers of a benchmark, in a process of their own: each answers at once, hangs, or refuses for the moment, and keeps when what came.

As a program: ``python -m benchmarks._receivers MANY`` prints its ports, then obeys lines on standard input: ``N MODE`` with the modes
``ok``, ``hang`` (takes the request, does not answer), ``500``, ``gone`` (nobody listens); ``end`` ends it. Each request that was answered
200 is a line ``N MICROSECONDS NAME`` in the file that the environment names as RECEIVED, where NAME is its Idempotency-Key.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

MODES = ("ok", "hang", "500", "gone")
LOOK = 0.1


class Doors:
    """The doors of the process. A request that hangs is answered never: it ends with its connection, or when its door is well again."""

    def __init__(self, many: int, file: IO[str]) -> None:
        self.modes, self.file = ["ok"] * many, file

    async def serve(self) -> None:
        """Until standard input says ``end`` or is closed."""
        servers = [await self._open(n) for n in range(len(self.modes))]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        print(*ports, flush=True)
        loop = asyncio.get_running_loop()
        while (line := await loop.run_in_executor(None, sys.stdin.readline)) not in ("", "end\n"):
            n, mode = int(line.split()[0]), line.split()[1]
            if mode == "gone":
                servers[n].close()
            elif self.modes[n] == "gone":
                servers[n] = await self._open(n, ports[n])
            self.modes[n] = mode
        os._exit(0)

    async def _open(self, n: int, port: int = 0) -> asyncio.Server:
        return await asyncio.start_server(self._door(n), "127.0.0.1", port, backlog=512)

    def _door(self, n: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._answer(n, reader, writer)
            writer.close()

        return came

    async def _answer(self, n: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        words = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in head.split("\r\n")[1:])}
        await reader.readexactly(int(words.get("content-length", "0")))
        at = time.time_ns() // 1000
        while self.modes[n] == "hang":
            if reader.at_eof():
                return
            await asyncio.sleep(LOOK)
        status = "200 OK" if self.modes[n] == "ok" else "500 Not Now"
        if self.modes[n] == "ok":
            self.file.write(f"{n} {at} {words.get('idempotency-key', '')}\n")
            self.file.flush()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()


class Receivers:
    """The process, from outside."""

    def __init__(self, folder: Path, many: int) -> None:
        self.file = folder / "received"
        self.file.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._receivers", str(many)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[1], env={**os.environ, "RECEIVED": str(self.file)},
        )  # fmt: skip
        assert self._process.stdout is not None
        self.ports = [int(word) for word in self._process.stdout.readline().split()]

    def be(self, numbers: Iterable[int], mode: str) -> None:
        """From now on these receivers behave so."""
        assert self._process.stdin is not None
        for n in numbers:
            self._process.stdin.write(f"{n} {mode}\n")
        self._process.stdin.flush()

    def received(self) -> list[tuple[int, int, str]]:
        """(receiver, microseconds UTC, name of the delivery), in the order in which they came."""
        lines = (line.split(" ") for line in self.file.read_text().splitlines())
        return [(int(n), int(at), name) for n, at, name in lines]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        with self._process:
            pass


if __name__ == "__main__":
    with Path(os.environ["RECEIVED"]).open("a") as received:
        asyncio.run(Doors(int(sys.argv[1]), received).serve())
