"""What a broker says, as fact, place and fix: what no test can wait for."""

from __future__ import annotations

from pika.exceptions import ChannelClosedByBroker

from canonical_model.problems import SystemUnreachable
from connectors.kit.amqp_faults import explained

URL = "amqp://hub:secret@broker:5672/hub"


def test_a_broker_that_waited_too_long_for_an_acknowledgement_is_not_one_that_does_not_answer() -> None:
    said = "PRECONDITION_FAILED - delivery acknowledgement on channel 3 timed out. Timeout value used: 1800000 ms."
    found = explained(ChannelClosedByBroker(406, said), URL)
    assert isinstance(found, SystemUnreachable)
    assert "consumer_timeout" in found.fact
    assert "consumer_timeout" in found.fix
    assert "secret" not in str(found)


def test_what_goes_with_a_queue_that_has_to_be_deleted_is_said() -> None:
    said = (
        "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'canonical.portal' in vhost 'hub': received 'a' but current is 'b'"
    )
    assert "`hub republish`" in explained(ChannelClosedByBroker(406, said), URL).fix
