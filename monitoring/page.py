"""One page in plain HTML, no script: what flows, what is held and what removes it, what changed last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape

from canonical_model.problems import REMOVED_BY
from monitoring.watched import Change, Flow, Held, Parties, Watched
from monitoring.words import LOOKS, say

STYLE = """
:root{color-scheme:light dark;--ok:#1a7f37;--held:#b45309;--bad:#b91c1c;--mute:#6b7280;--doubt:#7c3aed;--link:#1d4ed8;--line:#8884}
@media(prefers-color-scheme:dark){:root{--ok:#4ade80;--held:#fbbf24;--bad:#f87171;--mute:#9ca3af;--doubt:#c4b5fd;--link:#93c5fd}}
body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:1.5rem auto;max-width:75rem;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}td:first-child,td.n,th.n{white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.9em}
.ok{color:var(--ok)}.held{color:var(--held)}.bad{color:var(--bad)}.mute{color:var(--mute)}.doubt{color:var(--doubt)}.link{color:var(--link)}
"""

COMMANDS: Mapping[str, str] = {str(cause): command for cause, command in REMOVED_BY.items()}
Row = Sequence[tuple[str, str]]
"""Cells of a row: (class, HTML)."""


def page(watched: Watched, language: str, parties: Parties = None) -> str:
    """The whole page. Everything that comes from outside is escaped."""
    now = watched.now()
    waiting = f"<p>{say('messages_waiting', language)}: <b>{watched.waiting()}</b></p>"
    body = waiting + held_table(watched.held(parties), now, language) + flow_table(watched.flows(parties), language)
    return framed(body + change_table(watched.latest(parties), language), language)


def framed(body: str, language: str) -> str:
    """The page around a body. It reads itself anew every ten seconds."""
    title = say("title", language)
    other, name = ("zh", "中文") if language == "en" else ("en", "English")
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">'
    head = f"<head>{meta}<title>{title}</title><style>{STYLE}</style></head>"
    switch = f'<p><a href="?lang={other}" lang="{other}">{name}</a></p>'
    return f'<!doctype html><html lang="{language}">{head}<body><h1>{title}</h1>{body}{switch}</body></html>'


def held_table(held: Sequence[Held], now: datetime, language: str) -> str:
    """Causes, the oldest first, with what removes each."""
    heading = f"<h2>{say('held_title', language)}</h2>"
    if not held:
        return f"{heading}<p class='ok'>{say('nothing_held', language)}</p>"
    rows: list[Row] = [
        [
            ("held", f"◆ {_text(say(one.cause, language))}"),
            ("", f"<code>{_text(one.key)}</code><br>{_text(one.fact)}"),
            ("n", str(one.count)),
            ("n", ago(now - one.since)),
            ("", _text(one.fix or COMMANDS.get(one.cause, ""))),
        ]
        for one in held
    ]
    return heading + table(["cause", "key", "count", "since", "fix"], rows, language)


def flow_table(flows: Sequence[Flow], language: str) -> str:
    """Routes with how many documents are in each state; their sum is what could be read and came in."""
    heading = f"<h2>{say('flows', language)}</h2>"
    if not flows:
        return f"{heading}<p class='mute'>{say('nothing_yet', language)}</p>"
    states = sorted({state for flow in flows for state in flow.states}, key=_rank)
    rows: list[Row] = [
        [("", _text(flow.route)), ("n", str(sum(flow.states.values()))), *(_cell(flow, state) for state in states)] for flow in flows
    ]
    return heading + table(["route", "sum", *states], rows, language)


def _rank(state: str) -> tuple[int, str]:
    return (list(LOOKS).index(state) if state in LOOKS else len(LOOKS), state)


def _cell(flow: Flow, state: str) -> tuple[str, str]:
    count = flow.states.get(state, 0)
    return (f"n {_look(state)[1]}" if count else "n mute", str(count))


def _look(state: str) -> tuple[str, str]:
    """(sign, colour class) of a state; nothing for one that has none."""
    return LOOKS.get(state, ("", ""))


def change_table(changes: Sequence[Change], language: str) -> str:
    """The last changes, newest first."""
    if not changes:
        return ""
    rows: list[Row] = [
        [
            ("n", one.at.strftime("%H:%M:%S")),
            ("", f"{_text(say(one.kind, language))} {_text(one.ref)}"),
            (_look(one.state)[1], f"{_look(one.state)[0]} {_text(say(one.state, language))}"),
            ("", _text(one.system)),
            ("", _text(one.route)),
        ]
        for one in changes
    ]
    return f"<h2>{say('latest', language)}</h2>" + table(["at", "what", "state", "system", "route"], rows, language)


def table(columns: Sequence[str], rows: Sequence[Row], language: str) -> str:
    """An HTML table; a column is a word, its heading is aligned as its first cell."""
    kinds = ["n" if kind.startswith("n") else "" for kind, _ in rows[0]]
    heads = "".join(f'<th class="{kind}" scope="col">{_text(say(name, language))}</th>' for name, kind in zip(columns, kinds, strict=True))
    body = "".join("<tr>" + "".join(f'<td class="{kind}">{html}</td>' for kind, html in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def ago(passed: timedelta) -> str:
    """A duration for people: 45 s, 12 min, 3 h, 5 d.

    >>> ago(timedelta(minutes=12, seconds=5))
    '12 min'
    """
    seconds = max(0, int(passed.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _text(text: str) -> str:
    return escape(text, quote=True)
