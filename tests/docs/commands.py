"""The page of the command line, made from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer.main

from hub.cli.app import app
from hub.cli.output import Exit

PAGE = "docs/reference/command-line.md"
EVERYWHERE = {"config", "as_json", "actor", "help"}
"""Options that nearly every command has: told once, at the top."""
CODES = {
    Exit.DONE: "done",
    Exit.FAILED: "something is held, differs or failed; the output says what",
    Exit.USAGE: "wrong use of the command",
    Exit.MISCONFIGURED: "a setting, mapping or definition must be repaired first",
    Exit.NOT_FOUND: "there is nothing of that name or number",
    Exit.UNREACHABLE: "a store or system does not answer; try again",
}
HEAD = """\
# The command line
<!-- made by `.venv/bin/python -m tests.architecture.generated`; edit the commands in hub/cli/app.py -->

`./dev hub ...` runs it in the environment of the repository; with `.venv/bin` on the path it is `hub ...`. It works with the
`hub.yaml` of the folder it is called in.

Nearly every command also takes

- `--config FILE`, `-c FILE` (or `HUB_CONFIG`): another configuration than `hub.yaml`;
- `--json`: one object a line instead of text;
- `--as NAME` (or `HUB_ACTOR`), where something is changed: who does it, for the audit. `hub replay --as` is another word: then or now.

`read`, `translate --codes`, `schema`, `map list` and `init` need no store, and import neither database nor web library. `lint`,
`map test` and `map show` read the definitions that were added to a store, where `hub.yaml` names one that is there (a database server
has to answer; an embedded store is upgraded by being opened).

## Exit codes
"""


def page() -> str:
    """Head, exit codes, and one section a command."""
    codes = [f"| {int(code)} | {text} |" for code, text in CODES.items()]
    group: Any = typer.main.get_command(app)
    return "\n".join([HEAD, "| code | meaning |", "|---|---|", *codes, "", *_commands(group, "hub")])


def _commands(group: Any, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield from _section(command, f"{path} {name}")


def _section(command: Any, path: str) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    own = [one for one in command.params if one.param_type_name == "option" and _is_own(one)]
    words = [path, *(_shown(one) for one in arguments), *(["[OPTIONS]"] if own else [])]
    yield f"## {path}\n\n```\n{' '.join(words)}\n```\n\n{inspect.cleandoc(command.help or '')}\n"
    rows = [f"| `{_shown(one)}` | {_help(one)} |" for one in arguments if _help(one)]
    rows += [f"| `{_spelled(one)}` | {_help(one)}{_default(one)} |" for one in own]
    if rows:
        yield "\n".join(["| word | meaning |", "|---|---|", *rows, ""])


def _is_own(one: Any) -> bool:
    return one.name not in EVERYWHERE


def _shown(one: Any) -> str:
    word = one.name.upper() + ("..." if one.nargs == -1 else "")
    return word if one.required else f"[{word}]"


def _spelled(one: Any) -> str:
    value = "" if one.is_flag else f" {one.name.upper()}"
    return ", ".join(name for name in reversed(one.opts))[:60] + value


def _help(one: Any) -> str:
    return (getattr(one, "help", None) or "").replace("|", "\\|")


def _default(one: Any) -> str:
    if one.is_flag or one.default in (None, "", ()):
        return ""
    text = f"`{one.default}` if absent"
    return f"; {text}" if _help(one) else text
