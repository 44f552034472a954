"""What every simulated partner has: its log, the hub's address, and how it sends by HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from hub.simulate.log import Log
from hub.simulate.plan import Act

TRIES, TIMEOUT = 5, 20


class Partner:
    """Base of the partners. ``hub`` is the address of the hub's HTTP door, ``folder`` where its files and its log lie."""

    name = ""

    def __init__(self, folder: Path, hub: str) -> None:
        self.folder, self.hub = folder, hub
        self.log = Log(folder / "logs", self.name)

    def send(self, act: Act) -> None:
        """Do one act of the plan."""
        raise TypeError(f"{self.name} cannot send {act.kind}")

    def kept(self, act: Act, name: str) -> None:
        """Write down that the hub said it has it, with what was planned about it."""
        self.log.write("kept", name=name, documents=act.documents, fault=act.fault, outcomes=act.outcomes, number=act.number)

    def post(self, path: str, payload: bytes, headers: Mapping[str, str]) -> str | None:
        """POST until the hub answers 2xx; the answer, or None when it refused or never answered."""
        for _ in range(TRIES):
            try:
                with urlopen(Request(self.hub + path, payload, dict(headers)), timeout=TIMEOUT) as answer:
                    return str(answer.read().decode())
            except HTTPError as error:
                if error.code < 500:
                    self.log.write("refused", status=error.code, text=error.read().decode(errors="replace")[:300])
                    return None
            except URLError:
                continue
        return None

    def close(self) -> None:
        """Stop listening, close the log."""
        self.log.close()
