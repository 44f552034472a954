"""Which rules run, and what happens to a shortage: the one place to change it.

Every reason that a rule gives is a code of ``canonical_model.codes.order_reasons``, which says what X12 855, EDIFACT ORDRSP,
UBL and SAP call it. A refusal because of the order's state (``states.TABLE``) is a reason of the whole answer.
"""

from __future__ import annotations

from hub.services.order.rules import (
    BuyerAllowed,
    CurrencyAccepted,
    ItemKnown,
    LineCurrency,
    LineDate,
    LotSize,
    OrderDate,
    OrderRules,
    PriceDeviation,
    QuantityPositive,
    ShipTo,
    UnitAllowed,
)

DEFAULT_RULES = OrderRules(
    lines=(QuantityPositive(), ItemKnown(), UnitAllowed(), LotSize(), LineDate(), LineCurrency(), PriceDeviation()),
    header=(BuyerAllowed(), ShipTo(), OrderDate(), CurrencyAccepted()),
    shortage="backorder",
    release=True,
)
