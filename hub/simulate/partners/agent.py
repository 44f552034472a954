"""A provincial agent with its legacy program: drops GBK files into a folder, picks up answer files from another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

from hub.simulate import tables
from hub.simulate.goods import AGENT_JS, AGENT_ZJ, ARTICLES, Article, Place
from hub.simulate.orders import Order
from hub.simulate.partners.base import Partner
from hub.simulate.plan import Act


class Agent(Partner):
    """``files`` is the folder that it shares with the hub; ``place`` its own party."""

    place: Place
    ending = ""
    orders: Callable[[Sequence[Order]], bytes]
    stock: Callable[[Place, str, Sequence[tuple[Article, int]]], bytes]

    def __init__(self, folder: Path, hub: str, files: Path) -> None:
        super().__init__(folder, hub)
        self.files = files / self.name
        for name in ("orders", "stock", "out"):
            (self.files / name).mkdir(parents=True, exist_ok=True)
        self._count, self._taken, self._dropped = 0, set[str](), dict[Path, Act]()
        self._stop = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def report_stock(self, day: str) -> None:
        """The agent's own stock of every other article."""
        rows = [(article, 100 + 10 * n) for n, article in enumerate(ARTICLES[::2])]
        self._drop("stock", Act(0, self.name, "stock", f"stock {day}"), type(self).stock(self.place, day, rows))

    def send(self, act: Act) -> None:
        """One file an order; a corrupt one has lost half of a GBK character in its heading."""
        assert act.order is not None
        payload = type(self).orders([act.order])
        self._drop("orders", act, b"\xff\xfe\x00" + payload[1:] if act.fault == "corrupt" else payload)

    def _drop(self, folder: str, act: Act, payload: bytes) -> None:
        """Write beside, then rename: the hub never sees half a file."""
        self._count += 1
        place = self.files / folder / f"{act.kind}-{self._count:04}{self.ending}"
        self.log.write("sent", number=act.number, fault=act.fault, file=place.name)
        half = place.with_name(place.name + ".part")
        half.write_bytes(payload)
        self._dropped[place] = act
        half.rename(place)

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            self.look()

    def look(self) -> None:
        """Files that are gone were taken by the hub; answer files are read once."""
        for place, act in list(self._dropped.items()):
            if not place.exists() and (place.parent / "done").is_dir() and any((place.parent / "done").glob(f"{place.stem}*")):
                del self._dropped[place]
                self.kept(act, place.name)
        for answer in sorted((self.files / "out").glob("*.csv")):
            if answer.name not in self._taken:
                self._taken.add(answer.name)
                rows = tables.answer_rows(answer.read_bytes())
                self.log.write(
                    "received", type="answer", number=answer.name, order=next(iter(rows[0].values())) if rows else "", lines=len(rows)
                )

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self.look()
        super().close()


class JiangsuAgent(Agent):
    """Comma separated, one line a row."""

    name, place, ending = "agent-js", AGENT_JS, ".csv"
    orders, stock = staticmethod(tables.kd_orders), staticmethod(tables.kd_stock)


class ZhejiangAgent(Agent):
    """Tab separated under a title line."""

    name, place, ending = "agent-zj", AGENT_ZJ, ".txt"
    orders, stock = staticmethod(tables.gjp_orders), staticmethod(tables.gjp_stock)
