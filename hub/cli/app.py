"""Every command with its words and options; what each does stands in the modules beside."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated, Literal

import typer

from canonical_model.problems import Cause, HubError
from hub.cli.output import Output, fail

app = typer.Typer(
    name="hub", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Channelhub: integration hub."
)
maps = typer.Typer(no_args_is_help=True, help="Mappings: test, show, promote.")
codes = typer.Typer(no_args_is_help=True, help="Code tables: import, export, set, history.")
definitions = typer.Typer(no_args_is_help=True, help="Uploaded IDoc definitions.")
app.add_typer(maps, name="map")
app.add_typer(codes, name="codes")
app.add_typer(definitions, name="definitions")

Json = Annotated[bool, typer.Option("--json", help="one object a line instead of text")]
Config = Annotated[Path, typer.Option("--config", "-c", envvar="HUB_CONFIG", help="configuration file")]
Actor = Annotated[str, typer.Option("--as", envvar="HUB_ACTOR", help="who does it, for the audit")]
HUB_YAML = Path("hub.yaml")
Why = Annotated[str, typer.Option(help="the reason, kept in the audit")]
Table = Annotated[str, typer.Argument(help="item, unit, party, pack, or a table of your own")]
CodeSet = Annotated[str, typer.Argument(help="whose codes: a system's `codes:`, or its name")]
Code = Annotated[str, typer.Argument(help="the code as the partner writes it")]
OPERATOR = "operator"


def main() -> None:
    """Run the command line; every error is told as fact, place and fix with its exit code, never as a traceback."""
    try:
        app(standalone_mode=True)
    except HubError as error:
        fail(error, Output("--json" in sys.argv))
    except Exception as error:
        fail(_told(error), Output("--json" in sys.argv))


def _told(error: Exception) -> HubError:
    """What was not foreseen as fact, place and fix: a file that is not there, a number that no store has, a fault of our own."""
    if isinstance(error, OSError):
        return HubError(f"{error.filename or 'a file'}: {error.strerror or error}", fix="check the path and its rights")
    if isinstance(error, OverflowError):
        return HubError(f"a number is too large: {error}", fix="give a number that the hub has shown")
    last = traceback.extract_tb(error.__traceback__)[-1]
    return HubError(
        f"{type(error).__name__}: {error}", at=f"{last.filename}:{last.lineno}", fix="a fault of the hub itself: please report it"
    )


# ---- without a store


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="a message; - for standard input")],
    format: Annotated[str | None, typer.Option(help="idoc, x12, delimited, json; guessed if absent")] = None,
    definitions: Annotated[list[Path] | None, typer.Option(help="IDoc definition files or folders; they win")] = None,
    records: Annotated[bool, typer.Option(help="show every record with its fields and places")] = False,
    option: Annotated[list[str] | None, typer.Option("--option", "-o", help="a word for the reader, as charset=gbk")] = None,
    as_json: Json = False,
) -> None:
    """Show what is in a message: documents, technical ids, findings."""
    from hub.cli import offline

    raise typer.Exit(offline.read(file, format, definitions or [], records, offline.pairs(option or []), Output(as_json)))


@app.command()
def translate(
    file: Annotated[Path, typer.Argument(help="a message")],
    system: Annotated[str, typer.Option(help="the system of hub.yaml that it is from")],
    codes: Annotated[Path | None, typer.Option(help="CSV of code tables instead of the store's")] = None,
    way: Annotated[str | None, typer.Option(help="name of its way in, where it has several")] = None,
    trace: Annotated[bool, typer.Option(help="show for every value how it came to be")] = False,
    received: Annotated[str | None, typer.Option(help="instant of receipt with its zone, as 2026-11-25T08:00:00Z; now if absent")] = None,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """Translate a message without storing it."""
    from hub.cli import translating

    raise typer.Exit(translating.translate(file, system, codes, way, trace, received, config, Output(as_json)))


@app.command()
def lint(
    files: Annotated[
        list[Path] | None, typer.Argument(help="mapping files or folders, hub.yaml; hub.yaml and its mappings if absent")
    ] = None,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """Check mappings and configuration: file:line:column, what is wrong, what was meant."""
    from hub.cli import mapping

    raise typer.Exit(mapping.lint(files or [], config, Output(as_json)))


@app.command()
def schema(
    name: Annotated[str | None, typer.Argument(help="a document type, as order/1; all if absent")] = None, as_json: Json = False
) -> None:
    """Print the published JSON Schemas."""
    from hub.cli import mapping

    raise typer.Exit(mapping.schema(name, Output(as_json)))


@maps.command("list")
def map_list(config: Config = HUB_YAML, as_json: Json = False) -> None:
    """Every mapping there is."""
    from hub.cli import mapping

    raise typer.Exit(mapping.names(config, Output(as_json)))


@maps.command("test")
def map_test(
    names: Annotated[list[str] | None, typer.Argument(help="mappings; all if absent")] = None,
    write: Annotated[bool, typer.Option("--write", help="what comes out becomes what is expected (your own mappings)")] = False,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """Run the examples that mappings carry."""
    from hub.cli import mapping

    raise typer.Exit(mapping.test(names or [], write, config, Output(as_json)))


@maps.command("show")
def map_show(
    name: Annotated[str, typer.Argument(help="a mapping")],
    python: Annotated[bool, typer.Option("--python", help="the Python it is compiled to")] = False,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """Show a mapping with what it inherits, or the Python it is compiled to."""
    from hub.cli import mapping

    raise typer.Exit(mapping.show(name, python, config, Output(as_json)))


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="where to; here if absent")] = Path(), as_json: Json = False) -> None:
    """Write a hub.yaml to begin with, a codes.csv and a folder for mappings."""
    from hub.cli import beginning

    raise typer.Exit(beginning.init(folder, Output(as_json)))


# ---- the running hub


@app.command()
def run(config: Config = HUB_YAML, as_json: Json = False) -> None:
    """Run the hub: connectors, lane, deliveries and the HTTP door in one process."""
    from hub.cli import running

    raise typer.Exit(running.run(config, Output(as_json)))


@app.command()
def api(
    listen: Annotated[str | None, typer.Option(help="host:port; hub.listen if absent")] = None,
    config: Config = HUB_YAML, as_json: Json = False,
) -> None:  # fmt: skip
    """Run only the doors: messages are kept and workers are woken."""
    from hub.cli import running

    raise typer.Exit(running.api(config, listen, Output(as_json)))


@app.command()
def worker(
    listen: Annotated[str | None, typer.Option(help="host:port of its health and metrics; nowhere if absent")] = None,
    config: Config = HUB_YAML, as_json: Json = False,
) -> None:  # fmt: skip
    """Run only the work: windows, deliveries, what is fetched, the relay. As many as you like over one store."""
    from hub.cli import running

    raise typer.Exit(running.worker(config, listen, Output(as_json)))


@app.command("topology")
def show_topology(
    markdown: Annotated[bool, typer.Option(help="as a page")] = False, config: Config = HUB_YAML, as_json: Json = False
) -> None:
    """What the hub has at RabbitMQ: queues, types, arguments, messages, consumers."""
    from hub.cli import topology

    raise typer.Exit(topology.show(config, markdown, Output(as_json)))


@app.command()
def migrate(config: Config = HUB_YAML, as_json: Json = False) -> None:
    """Make the store's tables, or bring them to this release; refused while processes run that the new tables would break."""
    from hub.cli import migrating

    raise typer.Exit(migrating.migrate(config, Output(as_json)))


@app.command()
def doctor(config: Config = HUB_YAML, as_json: Json = False) -> None:
    """Check configuration, store, broker, mappings and every connector; say what is wrong, where and the fix."""
    from hub.cli import doctor as examination

    raise typer.Exit(examination.doctor(config, Output(as_json)))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="where to; a name that is free")], config: Config = HUB_YAML, as_json: Json = False
) -> None:
    """Copy an embedded store (SQLite) into one file while the hub runs; a database server has its own way of it."""
    from hub.cli import keeping

    raise typer.Exit(keeping.backup(file, config, Output(as_json)))


@app.command()
def restored(
    why: Annotated[str, typer.Option(help="what happened and the point restored to, kept in the audit")],
    by: Annotated[
        int, typer.Option(help="more than the hub gave out in the lost time, of any kind of number, and what a restore of that time added")
    ] = 1_000_000,
    actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False,
) -> None:  # fmt: skip
    """Once after the store was put back to an earlier point, before anything starts: no number that others saw comes again."""
    from hub.cli import keeping

    raise typer.Exit(keeping.restored(by, why, actor, config, Output(as_json)))


@app.command()
def republish(
    since: Annotated[str, typer.Option(help="an instant with its zone, as 2026-11-25T08:00:00Z")],
    why: Why = "", actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False,
) -> None:  # fmt: skip
    """Send what was published on canonical since then once more: for subscribers whose queue was lost with its broker."""
    from hub.cli import keeping

    raise typer.Exit(keeping.republish(since, why, actor, config, Output(as_json)))


# ---- looking


@app.command()
def explain(
    message: Annotated[int, typer.Argument(help="number of a stored message")],
    target: Annotated[str | None, typer.Argument(help="JSON pointer of one value, as /lines/0/quantity/value; all if absent")] = None,
    document: Annotated[int, typer.Option(help="which document of the message, from 1")] = 1,
    now: Annotated[bool, typer.Option("--now", help="with today's mapping and codes instead of those of then")] = False,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """Say why a value is what it is: bytes of the message, functions, code rows, line of the mapping."""
    from hub.cli import explaining

    raise typer.Exit(explaining.explain(message, document, target, now, config, Output(as_json)))


@app.command()
def replay(
    message: Annotated[int, typer.Argument(help="number of a stored message")],
    mode: Annotated[str, typer.Option("--as", help="then: inputs of then; now: as known now")] = "now",
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """Translate a stored message again and show the difference; nothing is applied."""
    from hub.cli import explaining

    raise typer.Exit(explaining.replay(message, mode, config, Output(as_json)))


@app.command()
def find(number: Annotated[str, typer.Argument(help="any business number")], config: Config = HUB_YAML, as_json: Json = False) -> None:
    """Find documents by any number that their mapping names, also held ones."""
    from hub.cli import looking

    raise typer.Exit(looking.find(number, config, Output(as_json)))


@app.command()
def message(id: Annotated[int, typer.Argument(help="number of a message")], config: Config = HUB_YAML, as_json: Json = False) -> None:
    """A message with its documents, their states, causes and deliveries."""
    from hub.cli import looking

    raise typer.Exit(looking.message(id, config, Output(as_json)))


@app.command()
def summary(config: Config = HUB_YAML, as_json: Json = False) -> None:
    """The whole store in a dozen numbers."""
    from hub.cli import looking

    raise typer.Exit(looking.summary(config, Output(as_json)))


@app.command()
def holds(
    by: Annotated[Literal["cause"] | None, typer.Option(help="`cause`: one line a cause with its count")] = None,
    cause: Annotated[Cause | None, typer.Option(help="only this type of cause")] = None,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """What waits, and for what."""
    from hub.cli import looking

    raise typer.Exit(looking.holds(by, cause, config, Output(as_json)))


# ---- changing


@app.command()
def cases(
    id: Annotated[int | None, typer.Argument(help="one case; all open ones if absent")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="apply it as a revision of the head that is shown")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="put it aside")] = False,
    head: Annotated[int | None, typer.Option(help="with --apply: the head that was seen")] = None,
    why: Why = "",
    actor: Actor = OPERATOR,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """Parked conflicts with their field diff."""
    from hub.cli import changing

    raise typer.Exit(changing.cases(id, apply, discard, head, why, actor, config, Output(as_json)))


@codes.command("import")
def codes_import(file: Path, actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False) -> None:
    """Import a CSV of code rows as one revision; what waited for them goes on."""
    from hub.cli import codes as tables

    raise typer.Exit(tables.codes_import(file, actor, config, Output(as_json)))


@codes.command("export")
def codes_export(
    file: Annotated[Path | None, typer.Argument(help="where to; standard output if absent")] = None,
    at: Annotated[int | None, typer.Option(help="as known at this revision")] = None,
    config: Config = HUB_YAML,
) -> None:
    """Write every code row as CSV."""
    from hub.cli import codes as tables

    raise typer.Exit(tables.codes_export(file, at, config))


@codes.command("set")
def codes_set(
    table: Table,
    code_set: CodeSet,
    code: Code,
    canonical: Annotated[str, typer.Argument(help="what it means in the canonical model")],
    context: Annotated[str, typer.Option(help="only in this context; for an item its unit, as the fix of a hold says")] = "",
    level: Annotated[str, typer.Option(help="packaging level of the item, as CS")] = "",
    extension: Annotated[str, typer.Option(help="a second part of the meaning, where the table has one")] = "",
    ratio: Annotated[str, typer.Option(help="N/D, for table pack")] = "1/1",
    preferred: Annotated[bool, typer.Option(help="the one to write, where several codes mean the same")] = False,
    direction: Annotated[str, typer.Option(help="both, in (reading only) or out (writing only)")] = "both",
    valid_from: Annotated[str, typer.Option(help="first day, as 2026-11-02; open if absent")] = "",
    valid_to: Annotated[str, typer.Option(help="last day; open if absent")] = "",
    actor: Actor = OPERATOR,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """Set one code row; what waited for it goes on. For table pack: pack SET ITEM UNIT=BASE is `set pack SET ITEM BASE --context UNIT`."""
    from hub.cli import codes as tables

    words = {
        "context": context,
        "level": level,
        "extension": extension,
        "direction": direction,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    raise typer.Exit(tables.codes_set(table, code_set, code, canonical, words, ratio, preferred, actor, config, Output(as_json)))


@codes.command("retire")
def codes_retire(
    table: Annotated[str, typer.Argument(help="table, as item, unit, party")],
    code_set: Annotated[str, typer.Argument(help="code set, as the system names it")],
    code: Annotated[str, typer.Argument(help="the partner's code")],
    context: Annotated[str, typer.Option(help="context of the row, as a unit")] = "",
    actor: Actor = OPERATOR,
    config: Config = HUB_YAML,
    as_json: Json = False,
) -> None:
    """End a code row: it means nothing from the next revision on; what was translated with it stays."""
    from hub.cli import codes as tables

    raise typer.Exit(tables.codes_retire(table, code_set, code, context, actor, config, Output(as_json)))


@codes.command("history")
def codes_history(table: Table, code_set: CodeSet, code: Code, config: Config = HUB_YAML, as_json: Json = False) -> None:
    """What was known of a code, and when."""
    from hub.cli import codes as tables

    raise typer.Exit(tables.codes_history(table, code_set, code, config, Output(as_json)))


@app.command()
def resubmit(
    document: Annotated[int, typer.Argument(help="number of a document, as `hub holds` shows it")],
    edit: Annotated[Path | None, typer.Option(help="file with the edited message; the stored one again if absent")] = None,
    why: Why = "", actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False,
) -> None:  # fmt: skip
    """Send an edited document in the place of one that waits; the original closes, linked."""
    from hub.cli import changing

    raise typer.Exit(changing.resubmit(document, edit, why, actor, config, Output(as_json)))


@app.command()
def retry(
    id: Annotated[int, typer.Argument(help="its number, as `hub holds` shows it")],
    kind: Annotated[str, typer.Option(help="document, message or delivery")] = "document",
    actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False,
) -> None:  # fmt: skip
    """Look again at something held for a fault that was repaired."""
    from hub.cli import changing

    raise typer.Exit(changing.retry(id, kind, actor, config, Output(as_json)))


@app.command()
def reject(
    id: Annotated[int, typer.Argument(help="its number, as `hub holds` shows it")],
    why: Annotated[str, typer.Option(help="the reason, for the audit and for whoever is answered")],
    message: Annotated[bool, typer.Option("--message", help="ID is that of a message, not of a document")] = False,
    actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False,
) -> None:  # fmt: skip
    """Reject a document (or, with --message, a message) that waits; the sender of an order, change or cancel is answered."""
    from hub.cli import changing

    raise typer.Exit(changing.reject(id, why, message, actor, config, Output(as_json)))


@app.command()
def deliveries(
    id: Annotated[int | None, typer.Argument(help="one delivery; open and held ones if absent")] = None,
    sent: Annotated[bool, typer.Option("--sent", help="it was taken: close the doubt")] = False,
    again: Annotated[bool, typer.Option("--again", help="send it again")] = False,
    why: Why = "", actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False,
) -> None:  # fmt: skip
    """Documents on their way out; settle one that is in doubt."""
    from hub.cli import changing

    raise typer.Exit(changing.deliveries(id, sent, again, why, actor, config, Output(as_json)))


@maps.command("promote")
def map_promote(name: str, actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False) -> None:
    """Make the edited text of a mapping the active one; what waited for it goes on."""
    from hub.cli import changing

    raise typer.Exit(changing.promote(name, actor, config, Output(as_json)))


@definitions.command("add")
def definitions_add(file: Path, actor: Actor = OPERATOR, config: Config = HUB_YAML, as_json: Json = False) -> None:
    """Upload an IDoc definition (parser export); unreadable messages of its type go on."""
    from hub.cli import changing

    raise typer.Exit(changing.add_definition(file, actor, config, Output(as_json)))
