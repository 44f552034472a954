"""GTIN, GLN, SSCC: known numbers, prefix classes, and what is refused with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical_model.identifiers import gln, gtin, mod10, sscc
from canonical_model.identifiers.gtin import PrefixClass
from canonical_model.problems import Cause, Hold

KNOWN_GTINS = [
    # written, 14 digits, class; numbers printed on goods or in the GS1 documents named in gtin.py
    ("4006381333931", "04006381333931", PrefixClass.UNRESTRICTED),
    ("6291041500213", "06291041500213", PrefixClass.UNRESTRICTED),
    ("036000291452", "00036000291452", PrefixClass.UNRESTRICTED),
    ("614141000036", "00614141000036", PrefixClass.UNRESTRICTED),
    ("96385074", "00000096385074", PrefixClass.UNRESTRICTED),
    ("73513537", "00000073513537", PrefixClass.UNRESTRICTED),
    ("10614141000415", "10614141000415", PrefixClass.UNRESTRICTED),
    ("6901234567892", "06901234567892", PrefixClass.UNRESTRICTED),
    ("5901234123457", "05901234123457", PrefixClass.UNRESTRICTED),
    ("9780306406157", "09780306406157", PrefixClass.ISBN),
    ("9771234567003", "09771234567003", PrefixClass.ISSN),
    ("2012345678903", "02012345678903", PrefixClass.RESTRICTED),
    ("20000004", "00000020000004", PrefixClass.RESTRICTED),
]


def number(payload: str) -> str:
    return payload + mod10.digit(payload)


@pytest.mark.parametrize(("written", "digits", "prefix_class"), KNOWN_GTINS)
def test_known_gtins(written: str, digits: str, prefix_class: PrefixClass) -> None:
    parsed = gtin.parse(written)
    assert (parsed.digits, parsed.length, parsed.prefix_class) == (digits, len(written), prefix_class)
    assert gtin.is_valid(written)
    assert str(gtin.parse(parsed.digits)) == digits


@pytest.mark.parametrize(
    ("payload", "prefix_class", "everywhere"),
    [
        ("690123456789", PrefixClass.UNRESTRICTED, True),
        ("021234567890", PrefixClass.RESTRICTED, False),
        ("041234567890", PrefixClass.RESTRICTED, False),
        ("299999999999", PrefixClass.RESTRICTED, False),
        ("200000000000", PrefixClass.RESTRICTED, False),
        ("031234567890", PrefixClass.UNRESTRICTED, True),
        ("300000000000", PrefixClass.UNRESTRICTED, True),
        ("051234567890", PrefixClass.COUPON, False),
        ("981234567890", PrefixClass.COUPON, False),
        ("984123456789", PrefixClass.COUPON, False),
        ("991234567890", PrefixClass.COUPON, False),
        ("980123456789", PrefixClass.REFUND, False),
        ("985123456789", PrefixClass.UNRESTRICTED, True),
        ("977123456789", PrefixClass.ISSN, True),
        ("979123456789", PrefixClass.ISBN, True),
        ("0123456", PrefixClass.RESTRICTED, False),
        ("2123456", PrefixClass.RESTRICTED, False),
        ("9770000", PrefixClass.UNUSED, False),
        ("6901234", PrefixClass.UNRESTRICTED, True),
    ],
)
def test_prefix_classes(payload: str, prefix_class: PrefixClass, everywhere: bool) -> None:
    parsed = gtin.parse(number(payload))
    assert parsed.prefix_class is prefix_class
    assert gtin.can_resolve_globally(parsed) is everywhere


def test_a_case_of_a_gtin8_keeps_the_class_of_the_gtin8() -> None:
    assert gtin.parse(number("1000009638507")).prefix_class is PrefixClass.UNRESTRICTED
    assert gtin.parse(number("1000002000000")).prefix_class is PrefixClass.RESTRICTED


def test_indicator_says_packaging_level_and_variable_measure() -> None:
    base, case, variable = (gtin.parse(number(f"{n}400638133393")) for n in (0, 3, 9))
    assert (base.indicator, base.is_grouping, base.is_variable_measure) == (0, False, False)
    assert (case.indicator, case.is_grouping, case.is_variable_measure) == (3, True, False)
    assert (variable.indicator, variable.is_grouping, variable.is_variable_measure) == (9, False, True)
    assert base.digits != case.digits


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("４００６３８１３３３９３１", "not digits only"),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", "not digits only"),
        ("6.90129E+12", "spreadsheet"),
        ("6,90129E+12", "not digits only"),
        ("6901234567892.0", "spreadsheet"),
        ("6901234567892.", "spreadsheet"),
        ("4006381333932", "check digit is 1"),
        ("06381333931", "11 digits"),
        ("400638133393", "check digit"),
        ("004006381333931", "15 digits"),
        ("", "not digits only"),
        ("4006381333931x", "not digits only"),
        ("²006381333931", "not digits only"),
        ("00000000", "all zeros"),
        ("0000000000000", "all zeros"),
        ("4006381333931\n", "not digits only"),
    ],
)
def test_refused_gtins_say_why(written: str, why: str) -> None:
    with pytest.raises(Hold) as refused:
        gtin.parse(written)
    problem = refused.value.problems[0]
    assert why in problem.fact
    assert problem.cause is Cause.INVALID_VALUE
    assert problem.fix
    assert not gtin.is_valid(written)


def test_full_width_digits_are_taken_only_when_asked_for_by_name() -> None:
    assert gtin.parse("６９０１２３４５６７８９２", normalise=True).digits == "06901234567892"
    assert gln.parse("４０１２３４５００００09", normalise=True).digits == "4012345000009"
    assert sscc.parse("１06141411234567897", normalise=True).digits == "106141411234567897"


def test_gtin8_and_the_same_digits_as_gtin13_are_different_numbers() -> None:
    """A GTIN-8 is never extended by a prefix: its 14 digits begin with six zeros and nothing else."""
    assert gtin.parse("96385074").digits == "00000096385074"
    assert gtin.parse("96385074").digits.lstrip("0") == "96385074"


@given(st.text("0123456789", min_size=7, max_size=13).filter(lambda text: len(text) in (7, 11, 12, 13) and text.strip("0")))
def test_every_payload_has_exactly_one_check_digit(payload: str) -> None:
    right = [payload + last for last in "0123456789" if gtin.is_valid(payload + last)]
    assert right == [payload + gtin.check_digit(payload)]
    assert gtin.parse(right[0]).digits == right[0].zfill(14)


@given(st.text("0123456789", min_size=12, max_size=12).filter(lambda text: text.strip("0")), st.integers(0, 12), st.integers(1, 9))
def test_every_wrong_digit_is_seen(payload: str, at: int, by: int) -> None:
    digits = number(payload)
    wrong = digits[:at] + str((int(digits[at]) + by) % 10) + digits[at + 1 :]
    assert not gtin.is_valid(wrong)
    assert not gln.is_valid(wrong)


@given(st.text())
def test_no_text_raises_anything_but_a_hold(text: str) -> None:
    for module in (gtin, gln, sscc):
        try:
            module.parse(text)
        except Hold as refused:
            assert refused.problems


@pytest.mark.parametrize("digits", ["4012345000009", "0614141000012", "4000001000005", "5412345000013"])
def test_known_glns(digits: str) -> None:
    assert gln.parse(digits).digits == digits == str(gln.parse(f" {digits[:7]}-{digits[7:]} "))
    assert gln.is_valid(digits)
    assert gln.check_digit(digits[:12]) == digits[12]
    assert not gln.is_valid(digits[:12])


@pytest.mark.parametrize(
    ("written", "digits", "extension"),
    [
        ("106141411234567897", "106141411234567897", 1),
        ("(00)106141411234567897", "106141411234567897", 1),
        ("00106141411234567897", "106141411234567897", 1),
        ("340123450000000000", "340123450000000000", 3),
        ("(00)376104250021234569", "376104250021234569", 3),
    ],
)
def test_known_ssccs(written: str, digits: str, extension: int) -> None:
    parsed = sscc.parse(written)
    assert (parsed.digits, parsed.extension, str(parsed)) == (digits, extension, digits)
    assert sscc.is_valid(digits)
    assert sscc.check_digit(digits[:17]) == digits[17]


@pytest.mark.parametrize(("module", "zeros"), [(gln, "0" * 13), (sscc, "0" * 18)])
def test_all_zeros_name_nothing(module: object, zeros: str) -> None:
    for parse in (gln.parse, sscc.parse):
        with pytest.raises(Hold):
            parse(zeros)
    assert not gln.is_valid(zeros)
    assert not sscc.is_valid(zeros)
