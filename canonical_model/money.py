"""Money and prices: exact decimals with an ISO 4217 currency, and their integer form in the store.

The store keeps BIGINT minor units and the currency (decision 0011); a price stays text, because it may be finer than its
currency's minor unit. A price is an amount for a base quantity: 99.80 CNY per 12 EA is kept as it is, never divided.
"""

from __future__ import annotations

from decimal import Decimal

from canonical_model.base import AmountText, Body, Currency, field
from canonical_model.codes.currencies import CURRENCIES
from canonical_model.decimals import BIGINT_MAX, BIGINT_MIN, ratio, refused, to_scaled
from canonical_model.quantity import Quantity


class Money(Body):
    """An amount of a currency."""

    amount: AmountText = field("The amount; exact, its scale kept.", ubl="Amount", gs1="monetaryAmount", sap="BETRG")
    currency: Currency = field("Currency of ISO 4217.", ubl="Amount/@currencyID", gs1="@currencyCode", sap="CURCY")

    def minor_units(self) -> int:
        """The amount as the store keeps it. Raises Hold when it does not fit."""
        return to_minor(self.amount, self.currency)


class Price(Body):
    """An amount for a base quantity."""

    amount: AmountText = field("The amount for the base quantity.", ubl="Price/PriceAmount", gs1="itemPrice", sap="E1EDP01-VPREI")
    currency: Currency = field("Currency of ISO 4217.", ubl="PriceAmount/@currencyID", gs1="@currencyCode", sap="CURCY")
    per: Quantity = field("What the amount is for.", ubl="Price/BaseQuantity", gs1="itemPriceBaseQuantity", sap="E1EDP01-PEINH")


def minor_digits(currency: str) -> int:
    """Decimal digits of a currency's minor unit: 2 for CNY, 0 for JPY, 3 for KWD. Raises Hold where there is none."""
    digits = CURRENCIES.get(currency)
    if digits is None:
        fact = f"{currency!r} is not a currency of ISO 4217 that amounts are kept in"
        raise refused(fact, value=currency, fix="send the alphabetic code of the currency, e.g. CNY", kind="currency")
    return digits


def to_minor(amount: Decimal, currency: str) -> int:
    """An amount as BIGINT minor units. Raises Hold when it is finer than the minor unit, too large or not a number.

    >>> to_minor(Decimal("99999999999999.99"), "CNY"), to_minor(Decimal("5"), "JPY"), to_minor(Decimal("1.005"), "KWD")
    (9999999999999999, 5, 1005)
    """
    digits = minor_digits(currency)
    scaled = to_scaled(amount, digits)
    if scaled is None:
        fact = f"{amount} {currency} is finer than the currency's {digits} decimals"
        raise refused(fact, value=amount, fix="round it at its source, or send it as a price", kind="amount")
    if not BIGINT_MIN <= scaled <= BIGINT_MAX:
        raise refused(f"{amount} {currency} is too large to be kept", value=amount, fix="check amount and currency", kind="amount")
    return scaled


def from_minor(minor: int, currency: str) -> Decimal:
    """The amount of a BIGINT of minor units, with all the currency's decimals.

    >>> from_minor(1050, "CNY"), from_minor(1050, "JPY"), from_minor(-5, "KWD")
    (Decimal('10.50'), Decimal('1050'), Decimal('-0.005'))
    """
    return Decimal(minor).scaleb(-minor_digits(currency))


def extend(price: Price, quantity: Quantity, rounding: str) -> Money:
    """What a quantity costs: ``amount * value / base quantity``, rounded once to the currency's minor unit.

    Raises Hold when the units differ: convert the quantity first.

    >>> per_dozen = Price(amount=Decimal("10.00"), currency="CNY", per=Quantity(value=Decimal(12), unit="EA"))
    >>> extend(per_dozen, Quantity(value=Decimal(5), unit="EA"), "ROUND_HALF_EVEN").to_body()
    {'amount': '4.17', 'currency': 'CNY'}
    """
    if price.per.unit != quantity.unit:
        fact = f"a price per {price.per.unit} cannot be applied to a quantity in {quantity.unit}"
        raise refused(fact, value=quantity.unit, fix="convert the quantity to the price's unit by the packaging table", kind="unit")
    digits = minor_digits(price.currency)
    amount = ratio(price.amount * quantity.value, price.per.value, digits, rounding)
    return Money(amount=amount, currency=price.currency)
