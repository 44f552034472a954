"""Commands that change something: each is one call of ``hub.commands``, authorised and audited there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from canonical_model.problems import HubError
from hub.bootstrap import Hub, build, mapped_routes
from hub.cli.output import Exit, Output, not_found
from hub.codebook import CodeLine, export_csv, history
from hub.commands import Actor, Done
from hub.replay import mapping_text
from hub.store import messages
from hub.store.records import message_of
from hub.store.views import cases as cases_view
from hub.store.views import deliveries as deliveries_view


def _say(done: Done, out: Output) -> int:
    row = {"done": done.text, "freed": done.freed, "id": done.id, **done.facts}
    out.emit({name: value for name, value in row.items() if value is not None}, lambda _: done.text)
    return int(Exit.DONE)


def codes_import(file: Path, actor: str, config: Path, out: Output) -> int:
    """One revision, or nothing."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{file} cannot be read as UTF-8: {error}", fix="save it as UTF-8 CSV") from None
    return _say(build(config, promote=False).commands.import_codes(Actor(actor), text, file.name), out)


def codes_export(file: Path | None, at: int | None, config: Path) -> int:
    """CSV that ``codes import`` takes back unchanged."""
    with build(config, promote=False).store.read() as connection:
        text = export_csv(connection, at=at)
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, "utf-8", newline="")
    return int(Exit.DONE)


def codes_set(
    table: str,
    code_set: str,
    code: str,
    canonical: str,
    words: Mapping[str, str],
    ratio: str,
    preferred: bool,
    actor: str,
    config: Path,
    out: Output,
) -> int:
    """One row."""
    numerator, _, denominator = ratio.partition("/")
    if not (numerator.isdigit() and (denominator or "1").isdigit()):
        raise HubError(f"ratio {ratio!r} is not N/D", fix="as --ratio 12/1")
    line = CodeLine(
        table, code_set, code, canonical, numerator=int(numerator), denominator=int(denominator or "1"), preferred=preferred, **words
    )
    return _say(build(config, promote=False).commands.set_codes(Actor(actor), [line]), out)


def codes_history(table: str, code_set: str, code: str, config: Path, out: Output) -> int:
    """Rows with the revisions that began and ended them."""
    with build(config, promote=False).store.read() as connection:
        rows = history(connection, table, code_set, code)
    if not rows:
        not_found(f"code {code!r} of {table}/{code_set}", out)
    out.table(rows, "code", "context", "canonical", "valid_from", "valid_to", "since", "until", "actor", "what")
    return int(Exit.DONE)


def cases(id: int | None, apply: bool, discard: bool, head: int | None, why: str, actor: str, config: Path, out: Output) -> int:
    """List, show, apply, discard."""
    hub = build(config, promote=False)
    if id is None:
        with hub.store.read() as connection:
            out.table(cases_view.cases(connection, None), "id", "k", "document", "against", "kind", "state", "closed_by", "note")
        return int(Exit.DONE)
    if apply or discard:
        return _say(_decide(hub, id, apply, head, why, Actor(actor)), out)
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
        return _say(hub.commands.resubmit(Actor(actor), document, edit.read_bytes(), why), out)
    seq, _ = message_of(document)
    with hub.store.read() as connection:
        raw = messages.raws(connection, [seq]).get(seq)
    if raw is None:
        not_found(f"the bytes of message {seq}", out)
    return _say(hub.commands.resubmit(Actor(actor), document, raw, why), out)


def retry(id: int, kind: str, actor: str, config: Path, out: Output) -> int:
    """After a repair."""
    return _say(build(config, promote=False).commands.retry(Actor(actor), kind, id), out)


def reject(id: int, why: str, message: bool, actor: str, config: Path, out: Output) -> int:
    """End a hold; the sender is answered."""
    commands = build(config, promote=False).commands
    return _say((commands.reject_message if message else commands.reject)(Actor(actor), id, why), out)


def deliveries(id: int | None, sent: bool, again: bool, why: str, actor: str, config: Path, out: Output) -> int:
    """List; or settle what is in doubt."""
    hub = build(config, promote=False)
    if id is not None and (sent or again):
        command = hub.commands.delivery_sent if sent else hub.commands.delivery_again
        return _say(command(Actor(actor), id, why), out)
    with hub.store.read() as connection:
        rows = deliveries_view.deliveries(connection, None, id=id)
    out.table(rows, "id", "subscription", "document", "type", "number", "state", "tries", "receipt", "detail")
    return int(Exit.DONE)


def promote(name: str, actor: str, config: Path, out: Output) -> int:
    """The text as it lies in the folders becomes the active one."""
    hub = build(config, promote=False)
    mapping = hub.library.parse(name)
    routes = mapped_routes(hub.ways).get(name, [])
    return _say(hub.commands.promote(Actor(actor), mapping_text(mapping, hub.library.text(name)), routes), out)


def add_definition(file: Path, actor: str, config: Path, out: Output) -> int:
    """Checked first: one that does not load is refused."""
    from adapters.idoc import load_definition

    text = _decoded(file.read_bytes())
    definition = load_definition(text)
    return _say(build(config, promote=False).commands.add_definition(Actor(actor), "idoc", definition.name, text), out)


def _decoded(raw: bytes) -> str:
    """Parser exports are ASCII, or ISO 8859-1 where texts have umlauts."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
