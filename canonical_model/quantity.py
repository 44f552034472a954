"""Quantity: an exact decimal value with a unit, its integer form in the store, and conversion by integer ratios.

The store keeps BIGINT millionths of the base unit (decision 0011): 9,000,000,000,000 fits, 0.000001 fits; what is larger or
finer is refused by name. A conversion between packaging levels is exact, or says its scale and rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import gcd

from canonical_model.base import Body, QuantityText, Unit, field
from canonical_model.decimals import BIGINT_MAX, BIGINT_MIN, decimal_text, ratio, refused, to_scaled

SCALE = 6


class Quantity(Body):
    """So many of a unit."""

    value: QuantityText = field("How many; exact, its scale kept.", ubl="Quantity", gs1="quantity", sap="MENGE")
    unit: Unit = field("Unit of UN/ECE Recommendation 20.", ubl="Quantity/@unitCode", gs1="measurementUnitCode", sap="MENEE")

    def millionths(self) -> int:
        """The value as the store keeps it. Raises Hold when it does not fit."""
        return to_millionths(self.value)


def to_millionths(value: Decimal) -> int:
    """A quantity as BIGINT millionths. Raises Hold (``invalid_value``) when it is finer, larger or not a number.

    >>> to_millionths(Decimal("123456.789012")), to_millionths(Decimal("9000000000000"))
    (123456789012, 9000000000000000000)
    """
    scaled = to_scaled(value, SCALE)
    if scaled is None:
        raise refused(f"quantity {value} has more than {SCALE} decimals", value=value, fix="round it at its source", kind="quantity")
    if not BIGINT_MIN <= scaled <= BIGINT_MAX:
        fact = f"quantity {value} is beyond 9,223,372,036,854.775807 and cannot be kept"
        raise refused(fact, value=value, fix="check the unit; send it in a larger one", kind="quantity")
    return scaled


def from_millionths(scaled: int) -> Decimal:
    """The quantity of a BIGINT of millionths, without trailing zeros.

    >>> from_millionths(12_000_000), from_millionths(1_500_000)
    (Decimal('12'), Decimal('1.5'))
    """
    whole, rest = divmod(abs(scaled), 10**SCALE)
    text = f"{'-' if scaled < 0 else ''}{whole}.{rest:06d}".rstrip("0").rstrip(".")
    return Decimal(text)


@dataclass(frozen=True, slots=True)
class PackRatio:
    """``numerator`` base units are in ``denominator`` units of a packaging level (MARM UMREZ and UMREN): 24 in 1 case.

    Both are positive; kept reduced, so that equal ratios are equal.
    """

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if self.numerator < 1 or self.denominator < 1:
            text = f"{self.numerator}/{self.denominator}"
            raise refused(f"pack ratio {text} is not positive", value=text, fix="send whole numbers from 1", kind="pack")
        shared = gcd(self.numerator, self.denominator)
        object.__setattr__(self, "numerator", self.numerator // shared)
        object.__setattr__(self, "denominator", self.denominator // shared)

    def inverse(self) -> PackRatio:
        """The same ratio seen from the other unit."""
        return PackRatio(self.denominator, self.numerator)

    def times(self, other: PackRatio) -> PackRatio:
        """The ratio of two steps: cases of inners, inners of pieces."""
        return PackRatio(self.numerator * other.numerator, self.denominator * other.denominator)


def convert(quantity: Quantity, pack: PackRatio, to: str, *, scale: int | None = None, rounding: str | None = None) -> Quantity:
    """A quantity in another unit: ``value * numerator / denominator``.

    Without ``scale`` and ``rounding`` (a rounding of the decimal module) only an exact result of at most six decimals is
    given; otherwise Hold. The result of an exact conversion has no trailing zeros.

    >>> case = PackRatio(24, 1)
    >>> convert(Quantity(value=Decimal("2.5"), unit="CS"), case, "EA").to_body()
    {'value': '60', 'unit': 'EA'}
    """
    if (scale is None) != (rounding is None):
        raise ValueError("a conversion that may round names both scale and rounding")
    if scale is not None and rounding is not None:
        value = ratio(quantity.value * pack.numerator, pack.denominator, scale, rounding)
    else:
        value = _exactly(quantity, pack, to)
    to_millionths(value)
    return Quantity(value=value, unit=to)


def _exactly(quantity: Quantity, pack: PackRatio, to: str) -> Decimal:
    millionths, rest = divmod(to_millionths(quantity.value) * pack.numerator, pack.denominator)
    if rest:
        text = decimal_text(quantity.value)
        fact = f"{text} {quantity.unit} is not a whole number of millionths {to} at {pack.numerator}:{pack.denominator}"
        raise refused(fact, value=f"{text} {quantity.unit}", fix="correct the packaging, or state scale and rounding", kind="quantity")
    return from_millionths(millionths)
