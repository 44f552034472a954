"""``hub init``: a folder to begin with, that runs as it is."""

from __future__ import annotations

import shlex
from pathlib import Path

from hub.cli.output import Exit, Output

HUB_YAML = """\
# Channelhub. Reference of every word: docs/reference/hub-yaml.md. Check it with: hub doctor
hub:
  store: "sqlite:///var/hub.db"
  channels: local
  timezone: Asia/Shanghai
  listen: "127.0.0.1:8080"
  folders:
    mappings: [mappings]
    definitions: [definitions]

systems:
  agent-example:
    party: AG-1
    in:
      - {connector: file_drop, folder: files/in, routes: {kd.order: agents/kd/order}}
    out:
      - {on: order_response, mapping: agents/kd/answer, connector: file_drop, out: files/out}
"""
CODES = "table,code_set,code,context,canonical,level,preferred\nunit,agent-example,瓶,,EA,,1\nparty,agent-example,KH0001,,AG-1,,1\n"


def init(folder: Path, out: Output) -> int:
    """Write what is not there; files that are there stay as they are."""
    for name in ("mappings", "definitions", "files/in", "files/out", "var"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, text in (("hub.yaml", HUB_YAML), ("codes.csv", CODES)):
        place = folder / name
        there = place.exists()
        if not there:
            place.write_text(text, "utf-8")
        out.emit({"file": str(place), "written": not there}, lambda row: f"{'kept' if not row['written'] else 'wrote'} {row['file']}")
    first = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))}; "
    out.emit({"next": f"{first}hub codes import codes.csv; hub run"}, lambda row: f"next: {row['next']}")
    return int(Exit.DONE)
