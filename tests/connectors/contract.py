"""What every connector promises, written once (habit 7): a connector's test inherits a class and says how its
counterpart is played.

A receiver's test, complete::

    class TestFileDrop(ReceiverContract):
        def counterpart(self, tmp_path: Path) -> FolderOfAgent: ...

The counterpart is the other side: it puts payloads where the connector finds them, and can go away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable
from connectors.base import Connector, Inbound, Receiver, Sender, SendRefused

PAYLOADS = (b"first", "第二".encode("gbk"), b"\x00\xff" * 3)


class ReceivingCounterpart(Protocol):
    """A system that sends to us."""

    def connector(self) -> Receiver:
        """A fresh connector, as after a restart of the hub."""

    def put(self, payload: bytes) -> None:
        """One act of sending."""

    def refusals(self) -> list[str]:
        """The reasons that the other side can see."""

    def vanish(self) -> None:
        """Become unreachable."""


class SendingCounterpart(Protocol):
    """A system that we send to."""

    def connector(self) -> Sender:
        """A fresh connector, as after a restart of the hub."""

    def taken(self) -> list[bytes]:
        """Every payload that it has, in order."""

    def vanish(self) -> None:
        """Become unreachable."""


def assert_described(connector: Connector) -> None:
    """Every setting says what it is, and unknown words are refused."""
    settings = connector.settings_type
    assert settings.model_config.get("extra") == "forbid"
    silent = [name for name, field in settings.model_fields.items() if not field.description]
    assert not silent, f"settings without a description: {silent}"


def assert_explains(error: HubError) -> None:
    """The fact, the place and the fix (house style)."""
    assert error.fact
    assert error.at
    assert error.fix


class ReceiverContract:
    """Behaviour of a connector that fetches."""

    def counterpart(self, tmp_path: Path) -> ReceivingCounterpart:
        """The other side of one test."""
        raise AssertionError("a contract test says how its counterpart is played")

    @pytest.fixture
    def other(self, tmp_path: Path) -> ReceivingCounterpart:
        return self.counterpart(tmp_path)

    def test_nothing_there_ends_at_once(self, other: ReceivingCounterpart) -> None:
        assert list(other.connector().receive()) == []

    def test_each_payload_comes_once_when_accepted(self, other: ReceivingCounterpart) -> None:
        for payload in PAYLOADS:
            other.put(payload)
        connector = other.connector()
        assert [_accepted(one) for one in connector.receive()] == list(PAYLOADS)
        assert list(connector.receive()) == []
        assert list(other.connector().receive()) == []

    def test_unaccepted_comes_again_as_the_same_act_of_sending(self, other: ReceivingCounterpart) -> None:
        other.put(b"not yet kept")
        [first] = list(other.connector().receive())
        [again] = list(other.connector().receive())
        assert again.payload == first.payload
        assert again.delivery_id == first.delivery_id

    def test_same_payload_sent_twice_is_two_acts(self, other: ReceivingCounterpart) -> None:
        ids = []
        connector = other.connector()
        for _ in range(2):
            other.put(b"stock of today")
            for one in connector.receive():
                ids.append(one.delivery_id)
                one.accept()
        assert len(ids) == 2
        assert ids[0] is None or ids[0] != ids[1]

    def test_accepting_twice_is_harmless(self, other: ReceivingCounterpart) -> None:
        other.put(b"once")
        [one] = list(other.connector().receive())
        one.accept()
        one.accept()
        assert list(other.connector().receive()) == []

    def test_refused_is_told_and_does_not_come_again(self, other: ReceivingCounterpart) -> None:
        other.put(b"nonsense")
        [one] = list(other.connector().receive())
        one.refuse("no route takes it")
        assert list(other.connector().receive()) == []
        assert any("no route takes it" in reason for reason in other.refusals())

    def test_a_refused_one_does_not_stop_the_next(self, other: ReceivingCounterpart) -> None:
        other.put(b"bad")
        other.put(b"good")
        seen = []
        for one in other.connector().receive():
            seen.append(one.payload)
            one.refuse("bad") if one.payload == b"bad" else one.accept()
        assert seen == [b"bad", b"good"]
        assert list(other.connector().receive()) == []

    def test_unreachable_is_said_and_explained(self, other: ReceivingCounterpart) -> None:
        connector = other.connector()
        other.vanish()
        with pytest.raises(SystemUnreachable) as failure:
            list(connector.receive())
        assert_explains(failure.value)

    def test_check_passes_and_explains(self, other: ReceivingCounterpart) -> None:
        connector = other.connector()
        connector.check()
        other.vanish()
        with pytest.raises((SystemUnreachable, Misconfigured)) as failure:
            connector.check()
        assert_explains(failure.value)

    def test_says_what_it_can(self, other: ReceivingCounterpart) -> None:
        connector = other.connector()
        assert connector.capabilities.receives
        assert connector.kind
        assert_described(connector)

    def test_closing_twice_is_harmless(self, other: ReceivingCounterpart) -> None:
        connector = other.connector()
        connector.close()
        connector.close()


class SenderContract:
    """Behaviour of a connector that sends."""

    def counterpart(self, tmp_path: Path) -> SendingCounterpart:
        """The other side of one test."""
        raise AssertionError("a contract test says how its counterpart is played")

    @pytest.fixture
    def other(self, tmp_path: Path) -> SendingCounterpart:
        return self.counterpart(tmp_path)

    def test_what_is_sent_arrives_whole(self, other: SendingCounterpart) -> None:
        connector = other.connector()
        for at, payload in enumerate(PAYLOADS):
            _send(connector, payload, f"delivery-{at}")
        assert other.taken() == list(PAYLOADS)

    def test_sending_again_has_one_effect_where_that_is_promised(self, other: SendingCounterpart) -> None:
        connector = other.connector()
        if not connector.capabilities.idempotent_send:
            pytest.skip("this transport does not promise it")
        _send(connector, b"order", "delivery-1")
        _send(connector, b"order", "delivery-1")
        _send(other.connector(), b"order", "delivery-1")
        assert other.taken() == [b"order"]

    def test_a_name_is_not_used_for_other_bytes_where_it_is_idempotent(self, other: SendingCounterpart) -> None:
        connector = other.connector()
        if not connector.capabilities.idempotent_send:
            pytest.skip("this transport does not promise it")
        _send(connector, b"order", "delivery-1")
        with pytest.raises(SendRefused):
            _send(connector, b"another order", "delivery-1")
        assert other.taken() == [b"order"]

    def test_unreachable_is_known_not_sent(self, other: SendingCounterpart) -> None:
        connector = other.connector()
        other.vanish()
        with pytest.raises(SystemUnreachable) as failure:
            _send(connector, b"order", "delivery-1")
        assert_explains(failure.value)

    def test_check_passes_and_explains(self, other: SendingCounterpart) -> None:
        connector = other.connector()
        connector.check()
        other.vanish()
        with pytest.raises((SystemUnreachable, Misconfigured)) as failure:
            connector.check()
        assert_explains(failure.value)

    def test_says_what_it_can(self, other: SendingCounterpart) -> None:
        connector = other.connector()
        assert connector.capabilities.sends
        assert connector.kind
        assert_described(connector)

    def test_closing_twice_is_harmless(self, other: SendingCounterpart) -> None:
        connector = other.connector()
        connector.close()
        connector.close()


def _accepted(one: Inbound) -> bytes:
    one.accept()
    return one.payload


def _send(connector: Sender, payload: bytes, name: str) -> None:
    connector.send(payload, name=name, content_type="text/plain; charset=utf-8", headers={})
