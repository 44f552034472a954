"""Orders with many changes each, in the order of their keys, as flat IDocs; some of the changes cannot go on.

A key is one order; it belongs to one system. The first document of a key is the order, each further one a change of it whose
serial is its number. What is poisoned is drawn by seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from benchmarks._production import DAY
from hub.simulate import idocs
from hub.simulate.goods import ARTICLES, STORE_JS, Place
from hub.simulate.orders import Line, Order

CODE, ERROR, REFUSED, CONFLICT, UNREADABLE = "missing code", "mapping error", "refused by the model", "conflict", "unreadable"
MIX = (CODE,) * 8 + (ERROR,) * 4 + (REFUSED,) * 2 + (CONFLICT,) * 4 + (UNREADABLE,) * 2
"""What a poisoned message is, by weight."""
LATE_CODES = 20
WAVE = 40
"""Orders of steady traffic that come before their changes do."""
LARGE, FINE = "99999999999.000", "1.0000001      "
"""A quantity, and as long a text of one that the mapping takes and the canonical model does not: it has seven decimals."""


@dataclass(frozen=True, slots=True)
class Item:
    """One document of the stream: ``n`` is its number within its key, ``docnum`` what its control record says."""

    key: int
    n: int
    docnum: int
    poison: str = ""

    def raw(self, place: Place, *, repaired: bool = False) -> bytes:
        """The IDoc; ``repaired`` as a person would correct it."""
        message = "ORDCHG" if self.n else "ORDERS"
        order = Order(f"PO-{self.key}", DAY, place, STORE_JS, (self._line(),))
        raw = idocs.flat(idocs.purchase_order(self.docnum, order, message=message, serial=f"{self.n + 1:014}"))
        if self.poison == REFUSED:
            raw = raw.replace(LARGE.encode(), (f"{1 + self.n}.000".ljust(len(LARGE)) if repaired else FINE).encode())
        return raw.replace(b"EDI_DC40", b"EDI_XX40") if self.poison == UNREADABLE else raw

    def _line(self) -> Line:
        line = Line("000010", ARTICLES[self.key % len(ARTICLES)], 1 + self.n, case=False, action="002" if self.n else "001")
        if self.poison == CODE:
            return replace(line, id=f"{self.n:06}", action="001", unknown=f"LATE-{self.docnum % LATE_CODES}")
        if self.poison == ERROR:
            return replace(line, action="009")
        return replace(line, quantity=int(LARGE[:-4])) if self.poison == REFUSED else line


def draw(keys: int, each: int, share: float, seed: int) -> list[Item]:
    """``keys`` times ``each`` documents, wave by wave; of those behind the first wave (which has the orders themselves) so many are
    poisoned that they are ``share`` of all. A conflict is sent under the number of the one before it."""
    random = Random(seed)
    pairs: list[tuple[int, int]] = []
    for n in range(each):
        wave = list(range(keys))
        random.shuffle(wave)
        pairs += [(key, n) for key in wave]
    chosen = set(random.sample(range(keys, len(pairs)), round(share * len(pairs)))) if each > 1 else set()
    numbers = {pair: at + 1 for at, pair in enumerate(pairs)}
    items = [Item(*pair, numbers[pair], random.choice(MIX) if at in chosen else "") for at, pair in enumerate(pairs)]
    return [replace(item, docnum=numbers[item.key, item.n - 1]) if item.poison == CONFLICT else item for item in items]


def clean(items: Sequence[Item]) -> list[Item]:
    """The same stream as it would be if nothing was wrong."""
    return [replace(item, poison="", docnum=at + 1) for at, item in enumerate(items)]


class Traffic:
    """Steady traffic without poison: orders of all buyers in turn and then a change of each, from all systems, numbered through."""

    def __init__(self, names: Sequence[str], places: Sequence[Place]) -> None:
        self.names, self.places, self._next, self._docnum = names, places, 0, 0

    def take(self, many: int, packet: int = 1) -> dict[str, list[tuple[str, bytes]]]:
        """At least ``many`` documents, in whole waves: system -> what it sends, ``packet`` documents a message."""
        streams: dict[str, list[tuple[str, list[bytes]]]] = {name: [] for name in self.names}
        for _ in range(max(many // (2 * WAVE), 1)):
            keys = range(self._next, self._next + WAVE)
            self._next += WAVE
            for key, n in [*((key, 0) for key in keys), *((key, 1) for key in keys)]:
                self._docnum += 1
                mine = streams[self.names[key // len(self.places) % len(self.names)]]
                if not mine or len(mine[-1][1]) >= packet:
                    mine.append((f"{key}-{n}", []))
                mine[-1][1].append(Item(key, n, self._docnum).raw(self.places[key % len(self.places)]))
        return {name: [(key, b"".join(parts)) for key, parts in some] for name, some in streams.items()}
