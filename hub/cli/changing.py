"""Commands that change something: each is one call of ``hub.commands``, authorised and audited there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.bootstrap import Hub, build, mapped_routes, mapped_subscriptions
from hub.cli.output import Exit, Output, not_found, say
from hub.commands import Actor, Done
from hub.replay import mapping_text
from hub.store import messages
from hub.store.records import message_of
from hub.store.views import cases as cases_view
from hub.store.views import deliveries as deliveries_view


def cases(id: int | None, apply: bool, discard: bool, head: int | None, why: str, actor: str, config: Path, out: Output) -> int:
    """List, show, apply, discard."""
    hub = build(config, promote=False)
    if id is None:
        with hub.store.read() as connection:
            out.table(cases_view.cases(connection, None), "id", "k", "document", "against", "kind", "state", "closed_by", "note")
        return int(Exit.DONE)
    if apply or discard:
        return say(_decide(hub, id, apply, head, why, Actor(actor)), out)
    with hub.store.read() as connection:
        found = cases_view.case(connection, id, None)
    if found is None:
        not_found(f"case {id}", out, "hub cases")
    out.emit(found, _case_text)
    return int(Exit.DONE)


def _decide(hub: Hub, id: int, apply: bool, head: int | None, why: str, actor: Actor) -> Done:
    if not apply:
        return hub.commands.discard_case(actor, id, why)
    with hub.store.read() as connection:
        found = cases_view.case(connection, id, None)
    seen = head if head is not None else (found or {}).get("head")
    return hub.commands.apply_case(actor, id, seen)


def _case_text(row: Mapping[str, Any]) -> str:
    lines = [f"case {row['id']}: document {row['document']} against {row['against']} ({row['kind']}), {row['state']}"]
    lines += [f"  {one['at']}: {_side(one, 'old')} -> {_side(one, 'new')}" for one in row["diff"]]
    if row["state"] == "open":
        lines.append(f"  fix: hub cases {row['id']} --apply --head {row.get('head', 0)}, or hub cases {row['id']} --discard --why REASON")
    return "\n".join(lines)


def _side(change: Mapping[str, Any], name: str) -> str:
    return repr(change[name]) if name in change else "nothing"


def resubmit(document: int, edit: Path | None, why: str, actor: str, config: Path, out: Output) -> int:
    """The edited file, or the stored message once more."""
    hub = build(config, promote=False)
    if edit is not None:
        return say(hub.commands.resubmit(Actor(actor), document, edit.read_bytes(), why), out)
    seq, _ = message_of(document)
    with hub.store.read() as connection:
        raw = messages.raws(connection, [seq]).get(seq)
    if raw is None:
        not_found(f"the bytes of message {seq}", out)
    return say(hub.commands.resubmit(Actor(actor), document, raw, why), out)


def retry(id: int, kind: str, actor: str, config: Path, out: Output) -> int:
    """After a repair."""
    return say(build(config, promote=False).commands.retry(Actor(actor), kind, id), out)


def reject(id: int, why: str, message: bool, actor: str, config: Path, out: Output) -> int:
    """End a hold; the sender is answered."""
    commands = build(config, promote=False).commands
    return say((commands.reject_message if message else commands.reject)(Actor(actor), id, why), out)


def deliveries(id: int | None, sent: bool, again: bool, why: str, actor: str, config: Path, out: Output) -> int:
    """List; or settle what is in doubt."""
    hub = build(config, promote=False)
    if id is not None and (sent or again):
        command = hub.commands.delivery_sent if sent else hub.commands.delivery_again
        return say(command(Actor(actor), id, why), out)
    with hub.store.read() as connection:
        rows = deliveries_view.deliveries(connection, None, id=id)
    out.table(rows, "id", "subscription", "document", "type", "number", "state", "tries", "receipt", "detail")
    return int(Exit.DONE)


def promote(name: str, actor: str, config: Path, out: Output) -> int:
    """The text as it lies in the folders becomes the active one."""
    hub = build(config, promote=False)
    mapping = hub.library.parse(name)
    routes, subscriptions = mapped_routes(hub.ways).get(name, []), mapped_subscriptions(hub.outward).get(name, [])
    return say(hub.commands.promote(Actor(actor), mapping_text(mapping, hub.library.text(name)), routes, subscriptions), out)


def add_definition(file: Path, actor: str, config: Path, out: Output) -> int:
    """Checked first: one that does not load is refused."""
    from adapters.idoc import load_definition

    text = _decoded(file.read_bytes())
    definition = load_definition(text)
    return say(build(config, promote=False).commands.add_definition(Actor(actor), "idoc", definition.name, text), out)


def _decoded(raw: bytes) -> str:
    """Parser exports are ASCII, or ISO 8859-1 where texts have umlauts."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
