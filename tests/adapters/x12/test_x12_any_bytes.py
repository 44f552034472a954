"""Whatever arrives: documents or one of our own problems, and true places."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.x12 import acknowledge
from canonical_model.problems import HubError
from tests.adapters.x12.support import ASSIGNED, GS, ISA, MESSAGE, ORDER, check_places, read

ANSWER = (
    "ISA*00*          *00*          *14*9506000000013  *ZZ*AGENT-GD       *261125*0931*^*00501*000000007*1*T*:~"
    "GS*FA*9506000000013*AGENT-GD*20261125*0931*7*X*005010~ST*997*0001~AK1*PO*42~AK2*850*0001~AK3*PO1*9**8~AK4*2:1*330*7*x~"
    "AK5*E*5~AK9*E*1*1*1~SE*8*0001~GE*1*7~TA1*000000042*261125*0930*A*000~IEA*1*000000007~"
)
ADVICE = (
    f"{ISA}GS*SH*A*B*20261125*0930*42*X*004010~ST*856*1~BSN*00*S1*20261125*09~"
    "HL*1**S~HL*2*1*I~LIN**UK*1~SN1**1*EA~SE*7*1~GE*1*42~IEA*1*000000042~"
)
BINARY = f"{ISA}{GS}ST*841*0001~BIN*7*a~b\r\n*c~SE*3*0001~GE*1*42~IEA*1*000000042~"
SEEDS = [MESSAGE, ANSWER, ADVICE, BINARY, MESSAGE.replace("~", "~\r\n  "), ORDER, MESSAGE + ANSWER, MESSAGE.replace("Sesame", "芝麻酱")]
PIECES = [
    b"ISA*",
    b"GS*",
    b"ST*850*1~",
    b"SE*",
    b"~",
    b"*",
    b">",
    b"\r\n",
    b"\n",
    b" ",
    b"\x00",
    b"\xff",
    b"\x1c",
    b"IEA*1*1~",
    b"BIN*9*",
    b"BIN*",
    b"HL*1*1*S~",
    b"PO1",
    b"\xe2\x80\xa6",
    b"\xef\xbb\xbf",
    b"TA1*~",
    b"AK2*~",
    b"N1*ST~",
    b"9" * 30,
]


ECHOED = {"x12.element_missing", "x12.element_long", "x12.element_short", "x12.element_character"}
"""An answer echoes the control numbers of the other side, whatever they are."""


def everything(raw: bytes) -> None:
    """Ask for all that a document can give."""
    try:
        documents = read(raw)
    except HubError as problem:
        assert str(problem)
        return
    for document in documents:
        check_places(raw, document)
        assert len(document.fingerprint()) == 16
        assert all(finding.code and finding.text for finding in document.findings)
        assert [record.path for record in document.records()]
        assert document.types
        assert document.technical is None or document.technical[0] == "x12"
    answer = acknowledge(documents, ASSIGNED)
    if answer is not None:
        for document in read(answer):
            assert document.types[-1] in ("997", "TA1")
            assert {finding.code for finding in document.findings} <= ECHOED


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"ISA*", ISA.encode(), (ISA + GS).encode(), (ISA + GS + "ST*850*1~").encode(), b"ST*850*1~"]),
)
@example(b"ISA", ISA.encode())
def test_any_bytes(raw: bytes, before: bytes) -> None:
    everything(before + raw)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    raw = bytearray(draw(st.sampled_from(SEEDS)).encode())
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        cut = draw(st.sampled_from([0, 0, 1, 1, 2, 10, 40]))
        raw[at : at + cut] = draw(st.sampled_from(PIECES) | st.binary(max_size=3) | st.just(b""))
    return bytes(raw)


@settings(max_examples=500, deadline=None)
@given(mutated())
def test_damaged_messages(raw: bytes) -> None:
    everything(raw)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(MESSAGE)))
def test_cut_anywhere(at: int) -> None:
    everything(MESSAGE[:at].encode())
    everything(MESSAGE[at:].encode())
