"""What a failure at an AMQP broker means: fact, place, fix. No text holds a password."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable


def place_of(url: str) -> str:
    """The address without its password, for people."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1@", url)


def vhost_of(url: str) -> str:
    """The virtual host that an address names."""
    return unquote(urlsplit(url).path[1:]) or "/"


def explained(error: BaseException | None, url: str) -> HubError:
    """Retry where it may pass by itself, else Misconfigured."""
    said, parts = said_by(error), urlsplit(url)
    words = {
        "said": said, "user": unquote(parts.username or "guest"), "vhost": vhost_of(url),
        "host": place_of(url).partition("://")[2].rpartition("@")[2].partition("/")[0],
    }  # fmt: skip
    for pattern, kind, fact, fix in _MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(fact.format(**words), at=place_of(url), fix=fix.format(**words))
    fix = "start RabbitMQ, or correct hub.channels; the hub tries again"
    return SystemUnreachable(f"the broker does not answer: {said}", at=place_of(url), fix=fix)


UNREAD = "(what a subscriber has not read goes with its canonical.NAME: let it read first, or `hub republish` afterwards)"
_PERMIT = "rabbitmqctl set_permissions -p '{vhost}' '{user}' '.*' '.*' '.*'"
_MEANINGS: Sequence[tuple[str, type[HubError], str, str]] = (
    (
        r"ACCESS_REFUSED.*(login|PLAIN)|ProbableAuthenticationError", Misconfigured,
        "the broker refuses the log-in: wrong password of user {user!r}, or no such user",
        "correct the address behind hub.channels, or at the broker: rabbitmqctl change_password '{user}' (add_user, if it is not there)",
    ),
    (
        r"vhost .* not found", Misconfigured, "the virtual host is missing: {vhost!r}",
        f"rabbitmqctl add_vhost '{{vhost}}'; {_PERMIT}; or correct the address behind hub.channels",
    ),
    (
        r"(connection|queue|channel) limit|limit .*reached|exceeded", Misconfigured, "a limit of the broker stands in the way: {said}",
        "raise the limit of the virtual host (rabbitmqctl set_vhost_limits) or of the user (set_user_limits)",
    ),
    (r"access to vhost .* refused", Misconfigured, "user {user!r} may not use the virtual host {vhost!r}", _PERMIT),
    (r"ACCESS_REFUSED|ProbableAccessDenied", Misconfigured, "user {user!r} lacks a permission: {said}", _PERMIT),
    (
        r"inequivalent arg|classic queue.*redeclare|exchange.*type", Misconfigured,
        "a queue or exchange is there with other arguments: {said}",
        ("stop the hub, delete it (rabbitmqctl delete_queue -p '{vhost}' NAME), start the hub: it declares it anew; the store has the work"
         f" {UNREAD}"),
    ),
    (
        r"feature.flag|quorum|invalid.*x-queue-type", Misconfigured, "the broker refuses quorum queues: {said}",
        "rabbitmqctl enable_feature_flag quorum_queue",
    ),
    (
        r"connection ?refused", SystemUnreachable, "nobody listens at {host}",
        "start RabbitMQ there, or correct host and port in the address behind hub.channels; the hub tries again",
    ),
    (
        r"gaierror|name or service not known|name resolution", SystemUnreachable, "the name of the broker's machine is not known: {host}",
        "correct the address behind hub.channels, or the name service of this machine; the hub tries again",
    ),
    (
        r"delivery acknowledgement.*timed out", SystemUnreachable,
        "the broker at {host} closed a channel, since a message was not acknowledged within its consumer_timeout",
        "nothing is lost, and the hub connects again; if it comes again, a longer consumer_timeout: deploy/rabbitmq.conf has a day",
    ),
    (
        r"timeout|timed out", SystemUnreachable, "no answer from {host} in time",
        "look whether the broker stands still, another program has this port, or a firewall in between swallows packets",
    ),
    (
        r"IncompatibleProtocol", SystemUnreachable, "what listens at {host} does not speak AMQP",
        "correct host and port in the address behind hub.channels",
    ),
    (
        r"ssl|certificate", Misconfigured, "no encrypted connection to {host}: {said}",
        "amqps:// or amqp://, port and certificates as the broker has them",
    ),
    (r"RESOURCE", Misconfigured, "a limit of the broker stands in the way: {said}", "raise the limit of the virtual host or of the user"),
)  # fmt: skip


def said_by(error: BaseException | None) -> str:
    """The broker's own words; of what happened in this program, the name of the error first."""
    if error is None:
        return "the connection was lost"
    causes = [error, *(cause for cause in (error.__cause__, error.__context__) if cause is not None), *_inner(error)]
    texts = dict.fromkeys(text for cause in causes if (text := _words(cause)))
    return "; ".join(texts)[:600]


def _words(error: BaseException) -> str:
    told = str(getattr(error, "reply_text", "") or "")
    wrapped = re.search(r"""ConnectionClosedByBroker: \(\d+\) (['"])(.*)\1""", " ".join(map(str, error.args)))
    return told or (wrapped[2] if wrapped else f"{type(error).__name__}: {error}")


def _inner(error: BaseException) -> Iterator[BaseException]:
    """pika's workflow errors carry what really happened inside."""
    for value in (*getattr(error, "exceptions", ()), getattr(error, "exception", None), *error.args):
        if isinstance(value, BaseException):
            yield value
            yield from _inner(value)
