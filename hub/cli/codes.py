"""``hub codes``: the code tables. Only the store is opened: no mapping is compiled, no transport made."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Never, cast

from canonical_model.problems import HubError
from hub.cli.output import Exit, Output, not_found, say
from hub.cli.settings import load_config, store_of
from hub.codebook import CodeLine, export_csv, history, tables_of
from hub.commands import Actor, Commands
from hub.stages.ports import Ports


def commands_of(config: Path) -> Commands:
    """The commands over the store alone: changing codes asks for no translation and no answer."""
    return Commands(store_of(config), Ports(cast("Any", _unasked), cast("Any", _unasked)))


def _unasked(*question: Any) -> Never:
    raise HubError("a command about codes does not translate", fix="please report this")


def codes_import(file: Path, actor: str, config: Path, out: Output) -> int:
    """One revision, or nothing."""
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise HubError(f"{file} cannot be read: {error.strerror}", at=str(file.absolute()), fix="check the path and its rights") from None
    except UnicodeDecodeError as error:
        raise HubError(f"{file} cannot be read as UTF-8: {error}", fix="save it as UTF-8 CSV") from None
    return say(commands_of(config).import_codes(Actor(actor), text, file.name), out)


def codes_export(file: Path | None, at: int | None, config: Path) -> int:
    """CSV that ``codes import`` takes back unchanged."""
    with store_of(config).read() as connection:
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
    notes = slips(line, config)
    done = commands_of(config).set_codes(Actor(actor), [line])
    return say(replace(done, text="\n".join([done.text, *notes]), facts=done.facts | ({"notes": notes} if notes else {})), out)


def slips(line: CodeLine, config: Path) -> list[str]:
    """What looks like a slip of the pen: a code set that no system asks, a table of which there is no row yet. The row is written, since
    the first one of each is new too; but what waits for a code under the right name goes on waiting."""
    with store_of(config).read() as connection:
        tables = tables_of(connection)
    root = load_config(config)
    sets = {system.codes for system in root.systems.values()} | {*root.code_sets} | {block.parent for block in root.code_sets.values()}
    return [
        *([] if line.code_set in sets else [f"no system of hub.yaml asks code set {line.code_set!r}{_near(line.code_set, sets)}"]),
        *([] if line.table in tables else [f"this is the first row of table {line.table!r}{_near(line.table, tables)}"]),
    ]


def _near(word: str, known: Iterable[str | None]) -> str:
    near = get_close_matches(word, [name for name in known if name], 1)
    return f": did you mean {near[0]!r}? hub codes retire takes the row back" if near else ""


def codes_retire(table: str, code_set: str, code: str, context: str, actor: str, config: Path, out: Output) -> int:
    """End a row."""
    return say(commands_of(config).retire_code(Actor(actor), table, code_set, code, context), out)


def codes_history(table: str, code_set: str, code: str, config: Path, out: Output) -> int:
    """Rows with the revisions that began and ended them."""
    with store_of(config).read() as connection:
        rows = history(connection, table, code_set, code)
    if not rows:
        not_found(f"code {code!r} of {table}/{code_set}", out)
    out.table(rows, "code", "context", "canonical", "valid_from", "valid_to", "since", "until", "actor", "what")
    return int(Exit.DONE)
