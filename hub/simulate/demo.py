"""``./dev demo``: a hub with simulated partners, and at the end whether everything adds up.

The hub runs as a user would run it, embedded as one process, with ``--store`` and ``--channels`` as production does; partners
reach it through its doors. At the end its summary is compared with what the partners' logs say, by a second program
(``hub.simulate.balance``).
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from canonical_model.problems import Misconfigured
from hub.simulate.balance import compare
from hub.simulate.folder import own
from hub.simulate.goods import ARTICLES, codes_csv
from hub.simulate.partners.agent import Agent, JiangsuAgent, ZhejiangAgent
from hub.simulate.partners.base import Partner
from hub.simulate.partners.sap import Sap
from hub.simulate.partners.warehouse import Warehouse
from hub.simulate.plan import LATE_AT, Act, Plan, draw_plan
from hub.simulate.processes import START_SECONDS, Servers

DRAIN_SECONDS, QUIET = 120, 3
"""How long the hub may take to finish; looks in a row that must find nothing left to do."""
ABOUT = """Run the hub with simulated partners: embedded as `hub run`, on servers of your own (--store, --channels) as one `hub api` and
two `hub worker`, on private servers that are started for it and ended with it: ./dev demo --production."""
SERVER = "address, or env:NAME that holds it, of"
ENOUGH = 141
"""Exit code of who is cut off by the reader of its output, as a shell gives it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of the demo."""
    parser = argparse.ArgumentParser(prog="dev demo", description=ABOUT)
    parser.add_argument("--for", dest="seconds", type=float, default=60, help="seconds of traffic (60)")
    parser.add_argument("--seed", type=int, default=7, help="what is drawn: orders and planted faults (7)")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--keep", type=Path, help="folder to work in and leave there: empty, not there, or of an earlier demo")
    parser.add_argument("--store", metavar="URL", help=f"{SERVER} an empty PostgreSQL database, as postgresql://USER@HOST/DATABASE")
    parser.add_argument("--channels", metavar="URL", help=f"{SERVER} RabbitMQ, as amqp://USER:PASSWORD@HOST/VHOST")
    chosen = parser.parse_args(arguments)
    usual = Path("var") / f"demo-{chosen.seed}{'' if chosen.store is None else '-production'}"
    folder = (chosen.keep or usual).resolve()
    try:
        with own(folder):
            code = Demo(folder, chosen.seed, chosen.seconds, Voice(chosen.json), Servers(chosen.store, chosen.channels)).run()
    except Misconfigured as problem:
        parser.error(str(problem))
    except BrokenPipeError:  # who reads has enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ENOUGH
    raise SystemExit(code)


class Voice:
    """What the demo says: lines for people, or objects."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def say(self, text: str, **facts: Any) -> None:
        """One line."""
        print(json.dumps(facts, ensure_ascii=False) if self.as_json else text, flush=True)


class Demo:
    """One run in one folder."""

    def __init__(self, folder: Path, seed: int, seconds: float, voice: Voice, servers: Servers) -> None:
        self.folder, self.seconds, self.voice, self.servers = folder, seconds, voice, servers
        self.day = datetime.now(UTC).date().isoformat()
        self.plan: Plan = draw_plan(seed, self.day, seconds)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self) -> int:
        """0 when the hub's summary and the partners' logs agree and nothing is stuck."""
        files = self.folder / "files"
        sap, warehouse = Sap(self.folder, self.url), Warehouse(self.folder, self.url, self.day)
        agents: list[Agent] = [JiangsuAgent(self.folder, self.url, files), ZhejiangAgent(self.folder, self.url, files)]
        self._write_config(sap, warehouse, files)
        for words in (*self.servers.before(), ("codes", "import", "codes.csv")):
            self._hub(*words)
        partners: dict[str, Partner] = {one.name: one for one in (sap, warehouse, *agents)}
        with self.servers.running(self.folder, lambda: self._get("/health/ready") is not None) as started:
            self._begin(started)
            self._open(sap, warehouse, agents)
            self._traffic(partners)
            self._drain(warehouse)
            for partner in partners.values():
                partner.close()
            said = self._summary()
        return self._tell(said)

    def _write_config(self, sap: Sap, warehouse: Warehouse, files: Path) -> None:
        (files / "sap-hq").mkdir(parents=True, exist_ok=True)
        scenario = resources.files("hub.simulate") / "scenario" / "hub.yaml"
        words = {"PORT": self.port, "SAP_URL": sap.url, "WMS_URL": warehouse.url, "FILES": files, **self.servers.words(self.folder)}
        (self.folder / "hub.yaml").write_text(Template(scenario.read_text("utf-8")).substitute(words), "utf-8")
        (self.folder / "codes.csv").write_text(codes_csv(), "utf-8")

    def _hub(self, *words: str) -> list[dict[str, Any]]:
        """A command of the hub's own command line; its objects."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *words, "--json"], cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"hub {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _begin(self, started: float) -> None:
        """Say where it is. Raises SystemExit where the store knows of other traffic: then nothing could add up."""
        names = list(self.servers.processes())
        said = f"the hub is up after {started:.1f} s ({', '.join(names)}): {self.url}/"
        self.voice.say(said, started=round(started, 2), console=f"{self.url}/", processes=names)
        if received := self._summary()["received"]:
            raise SystemExit(f"the store has {received} messages already: give the demo an empty database (--store)")

    def _open(self, sap: Sap, warehouse: Warehouse, agents: Sequence[Agent]) -> None:
        """The start of the day: master data first, then stock."""
        sap.master_data()
        self._wait(lambda: self._summary()["applied"] >= len(ARTICLES))
        warehouse.report_stock()
        for agent in agents:
            agent.report_stock(self.day)
        self._wait(lambda: self._summary()["open"] == 0)
        self.voice.say("articles, customers and stock are in; traffic begins", planted=self.plan.faults, seed=self.plan.seed)

    def _traffic(self, partners: dict[str, Partner]) -> None:
        """The plan's acts at their times; the operator's late codes at theirs."""
        began, late = time.monotonic(), False
        for act in [*self.plan.acts, Act(1.0, "", "end", "")]:
            if not late and act.at >= LATE_AT:
                self._sleep(began, LATE_AT)
                self._late_codes()
                late = True
            self._sleep(began, act.at)
            if act.partner:
                partners[act.partner].send(act)
                if act.fault:
                    self.voice.say(
                        f"planted: {act.fault} by {act.partner}, {act.number}", planted=act.fault, partner=act.partner, number=act.number
                    )

    def _sleep(self, began: float, at: float) -> None:
        time.sleep(max(0.0, began + at * self.seconds - time.monotonic()))

    def _late_codes(self) -> None:
        """The operator adds the codes that orders wait for: each frees exactly its orders."""
        for system, code in self.plan.late:
            article = ARTICLES[0]
            for unit, gtin in (("EA", article.gtin), ("CS", article.case_gtin)):
                self._hub("codes", "set", "item", system, code, gtin.zfill(14), "--context", unit, "--level", unit)
            self.voice.say(f"the operator adds item code {code} of {system}", code=code, system=system)

    def _drain(self, warehouse: Warehouse) -> None:
        """Until nothing is on its way on either side."""
        quiet, end = 0, time.monotonic() + DRAIN_SECONDS
        while quiet < QUIET and time.monotonic() < end:
            quiet = quiet + 1 if self._summary()["open"] == 0 and warehouse.idle() else 0
            time.sleep(0.3)

    def _wait(self, done: Any) -> None:
        end = time.monotonic() + START_SECONDS
        while not done() and time.monotonic() < end:
            time.sleep(0.05)

    def _summary(self) -> dict[str, Any]:
        found = self._get("/v1/summary")
        if found is None:
            raise SystemExit(f"the hub does not answer; see the logs in {self.folder}")
        return found

    def _get(self, path: str) -> dict[str, Any] | None:
        try:
            with urlopen(self.url + path, timeout=10) as answer:
                return dict(json.loads(answer.read()))
        except (URLError, ConnectionError, TimeoutError):
            return None

    def _tell(self, said: dict[str, Any]) -> int:
        """Compare with the partners' logs, and the planted faults with what is held; print the last line."""
        logs = [sys.executable, "-m", "hub.simulate.balance", str(self.folder / "logs")]
        expected = json.loads(subprocess.run(logs, capture_output=True, text=True, check=True).stdout)
        differences = compare(said, expected)
        held: dict[str, int] = {}
        for row in self._hub("holds", "--by", "cause"):
            held[row["cause"]] = held.get(row["cause"], 0) + row["count"]
        well = not differences and said["stuck"] == 0 and dict(sorted(held.items())) == self.plan.held
        line = {name: said[name] for name in expected if name != "causes"} | {
            "stuck": said["stuck"],
            "held_by_cause": held,
            "planted": self.plan.faults,
        }
        line |= {"balance": "ok" if well else "differs"} | ({"differences": differences} if differences else {})
        self.voice.say("\n".join(f"{name:14} {value}" for name, value in line.items()), **line)
        return 0 if well else 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
