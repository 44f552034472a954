"""An order as the simulated partners think of it, before anybody writes it down in a format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from hub.simulate.goods import ARTICLES, Article, Place


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``case`` says whether the article is ordered by case or by piece; ``unknown`` replaces its code."""

    id: str
    article: Article
    quantity: int
    case: bool
    action: str = ""
    unknown: str | None = None

    @property
    def sap_unit(self) -> str:
        return "CS" if self.case else "PCE"

    @property
    def code(self) -> str:
        """SAP's material number."""
        return self.unknown or self.article.material

    @property
    def agent_code(self) -> str:
        """The agents' item code."""
        return self.unknown or self.article.agent

    @property
    def name(self) -> str:
        return self.article.name

    @property
    def price(self) -> Decimal:
        return self.article.price * (self.article.case if self.case else 1)


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a buyer; ``day`` is YYYY-MM-DD."""

    number: str
    day: str
    buyer: Place
    ship_to: Place
    lines: tuple[Line, ...]

    def with_quantity(self, more: int) -> Order:
        """The same order with ``more`` of its first line: what a changed resend or an amendment looks like."""
        first, *others = self.lines
        return replace(self, lines=(replace(first, quantity=first.quantity + more), *others))

    def with_code(self, code: str | None) -> Order:
        """The same order with another item code in its first line; None takes the right one back."""
        first, *others = self.lines
        return replace(self, lines=(replace(first, unknown=code), *others))


def draw_order(random: Random, number: str, day: str, buyer: Place, ship_to: Place, *, step: int = 10, width: int = 6) -> Order:
    """An order of 1 to 5 lines of different articles. Line ids are ``step``, 2 x ``step`` ... padded to ``width``."""
    articles = random.sample(ARTICLES, random.randint(1, 5))
    lines = (
        Line(f"{(i + 1) * step:0{width}}", article, random.randint(1, 12), random.random() < 0.5) for i, article in enumerate(articles)
    )
    return Order(number, day, buyer, ship_to, tuple(lines))
