"""Names that a key gets from its number. No two keys may ever share one: the verdict would call them one key that lost its order."""

from __future__ import annotations

from dataclasses import dataclass

from canonical_model.identifiers.mod10 import digit
from hub.simulate.goods import ARTICLES, Article

DAYS, YEARS = 28, 8_900
MOST = YEARS * 12 * DAYS
"""Keys that a corpus can have: as many as there are days to report a stock of, from the year 1000 on."""


def day_of(index: int) -> str:
    """A key's own day, written year, month, day."""
    if not 0 <= index < MOST:
        raise ValueError(f"key {index}: a corpus has room for {MOST:,} keys, some eight million documents")
    years, rest = divmod(index, 12 * DAYS)
    return f"{1000 + years}-{1 + rest // DAYS:02}-{1 + rest % DAYS:02}"


@dataclass(frozen=True, slots=True)
class OwnArticle(Article):
    """An article that no partner has. Its GTIN is as long as a key's number may be: two articles of one GTIN are a fault to the hub."""

    @property
    def gtin(self) -> str:
        """GTIN-13 of one piece, of the demonstration prefix like the partners', and apart from theirs."""
        digits = f"9506{10_000_000 + int(self.material):08}"
        return digits + digit(digits)


def article_of(index: int, name: str) -> Article:
    """A key's own article."""
    return OwnArticle(f"{1_000_000 + index}", "", name, 12, ARTICLES[0].price)
