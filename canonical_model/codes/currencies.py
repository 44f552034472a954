"""Currencies and funds of ISO 4217 with their minor units: the complete list of active codes, 178 of them.

Source: ISO 4217 list one, https://www.six-group.com/en/products-services/financial-information/data-standards.html
Withdrawn since 2023 and therefore absent: HRK, CUC, SLL, ZWL, ANG, BGN. Refresh with each amendment of the list.
"""

from __future__ import annotations

from collections.abc import Mapping

_BY_MINOR_UNITS: Mapping[int | None, str] = {
    0: """
BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
    """,
    2: """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP
COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN
NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: """
BHD IQD JOD KWD LYD OMR TND
    """,
    4: """
CLF UYW
    """,
    # Metals, units of account and test codes have no minor unit: nothing is booked in them.
    None: """
XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX
    """,
}

CURRENCIES: Mapping[str, int | None] = {code: digits for digits, codes in _BY_MINOR_UNITS.items() for code in codes.split()}
"""Code -> decimal digits of its minor unit; None where there is no minor unit."""
