"""Payloads are cut out of SOAP envelopes as bytes, whatever stands around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.kit import soap

E11, E12 = soap.NAMESPACES
UTF8 = '<?xml version="1.0" encoding="utf-8"?>'
NESTED = "<A><AB/><A/><!--</A>--><A></A></A>"
HIDDEN = "<A><![CDATA[</s:Body><X>]]></A>"


def unwrapped(raw: bytes) -> bytes | None:
    body = next((element for event, element in soap.ends(raw, "Body") if event == "start"), None)
    return soap.unwrap(raw, {} if body is None else dict(body.nsmap))


@pytest.mark.parametrize(
    ("raw", "payload"),
    [
        (f'<s:Envelope xmlns:s="{E11}"><s:Body><A  x="1" ><B/></A></s:Body></s:Envelope>', '<A  x="1" ><B/></A>'),
        (f'<Envelope xmlns="{E12}"><Header><A/></Header><Body>\n <A xmlns=""/> </Body></Envelope>', '<A xmlns=""/>'),
        (
            f"<s:Envelope xmlns:s='{E11}'><!-- <s:Body><X/></s:Body> --><s:Body>{HIDDEN}</s:Body></s:Envelope>",
            HIDDEN,
        ),
        (f'<s:Envelope xmlns:s="{E11}"><s:Body><A t="a>b"><A/></A></s:Body></s:Envelope>', '<A t="a>b"><A/></A>'),
        (f'<s:Envelope xmlns:s="{E11}" xmlns:n="urn:x"><s:Body><n:A/></s:Body></s:Envelope>', '<n:A xmlns:n="urn:x"/>'),
        (
            f'<s:Envelope xmlns:s="{E11}" xmlns:n="urn:x"><s:Body><n:A t="a>b" xmlns:n="urn:y"/></s:Body></s:Envelope>',
            '<n:A t="a>b" xmlns:n="urn:y"/>',
        ),
        (f'<s:Envelope xmlns:s="{E11}"><s:Body>{NESTED}<C/></s:Body></s:Envelope>', NESTED),
        (f'<?xml version="1.0"?><s:Envelope xmlns:s="{E11}"><s:Body><A/></s:Body></s:Envelope>', "<A/>"),
        (
            f'{UTF8}\n<s:Envelope xmlns:s="{E11}"><s:Body><A/></s:Body></s:Envelope>',
            f"{UTF8}<A/>",
        ),
        (f'<s:Envelope xmlns:s="{E11}"><s:Body> </s:Body></s:Envelope>', None),
        (f'<s:Envelope xmlns:s="{E11}"><s:Body/></s:Envelope>', None),
        (f'<s:Envelope xmlns:s="{E11}"/>', None),
    ],
)
def test_the_first_element_of_the_body_is_cut(raw: str, payload: str | None) -> None:
    assert unwrapped(raw.encode()) == (None if payload is None else payload.encode())


def test_another_charset_goes_along() -> None:
    raw = f'<?xml version="1.0" encoding="GBK"?><s:Envelope xmlns:s="{E11}"><s:Body><A>客户</A></s:Body></s:Envelope>'.encode("gbk")
    payload = unwrapped(raw)
    assert payload is not None
    assert "<A>客户</A>".encode("gbk") in payload
    assert soap.parse(payload).text == "客户"


@pytest.mark.parametrize(
    "raw", [b"", b"<a>", b"<a/><b/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"\xff\xfe", b"<?xml version='1.0' encoding='no'?><a/>"]
)
def test_what_is_not_xml_or_has_a_document_type_is_refused(raw: bytes) -> None:
    with pytest.raises(soap.NotXml):
        soap.parse(raw)
    with pytest.raises(soap.NotXml):
        list(soap.ends(raw, "a"))


def test_entities_of_another_file_are_never_read() -> None:
    with pytest.raises(soap.NotXml):
        soap.parse(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>')


NAMES = st.sampled_from(["A", "B", "n:C", "Body", "Envelope"])
TEXTS = st.sampled_from(["", "x", "<![CDATA[<A>]]>", "<!-- </A> -->", "&amp;", "客户", "<?p </A>?>"])
TREES = st.recursive(
    st.tuples(NAMES, TEXTS).map(lambda pair: f"<{pair[0]} q='>'>{pair[1]}</{pair[0]}>"),
    lambda inner: st.tuples(NAMES, TEXTS, st.lists(inner, max_size=3)).map(lambda t: f"<{t[0]}>{t[1]}{''.join(t[2])}</{t[0]}>"),
    max_leaves=8,
)


@given(TREES, st.sampled_from(soap.NAMESPACES))
def test_what_was_wrapped_comes_out_the_same(tree: str, namespace: str) -> None:
    payload = f'<P xmlns:n="urn:x">{tree}</P>'.encode()
    assert unwrapped(soap.wrap(payload, namespace)) == payload


@pytest.mark.parametrize("namespace", soap.NAMESPACES)
def test_a_fault_says_its_text(namespace: str) -> None:
    raw = soap.fault("a < b", namespace, sender=True, code="MULTIPLE")
    assert soap.fault_text(soap.parse(raw)) == "MULTIPLE: a < b"
    assert soap.version(etree.fromstring(raw)) == namespace
    assert soap.fault_text(soap.parse(b"<a/>")) is None
