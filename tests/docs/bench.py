"""A hub in a folder, and its command line called in this process: what the pages about errors are made with."""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from hub.bootstrap import Hub, build
from hub.cli import main
from hub.signals import Signals

LIBRARY = resources.files("mappings") / "library"
HEADINGS = "单据日期,单据编号,行号,往来单位编号,往来单位,存货编码,存货名称,条形码,单位,数量,单价"
CUSTOMER = "KH0001,江苏示例经销有限公司"
HUB = """\
hub:
  store: "sqlite:///hub.db"
  timezone: Asia/Shanghai
  folders: {mappings: [mappings]}
systems:
  agent-js:
    party: AG-JS
    codes: example
    in:
      - {connector: file_drop, folder: in, complete: renamed, routes: {kd.order: agents/kd/order}}
"""
"""A hub with one agent, whose codes are those of the library's examples."""
ANSWERS = '    out:\n      - {on: order_response, mapping: agents/kd/answer, connector: http, url: "URL"}\n'
"""An answer by HTTP, to a receiver that does not promise to know a repeat."""


class Bench:
    """One folder with a hub in it. Names of files are relative to it."""

    def __init__(self, folder: Path, config: str = HUB) -> None:
        self.folder = folder
        for name in ("in", "mappings"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.write("hub.yaml", config.encode())
        self.write("codes.csv", (LIBRARY / "agents" / "kd" / "examples" / "codes.csv").read_bytes())

    def write(self, name: str, content: bytes) -> None:
        """A file of the folder."""
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def library(self, name: str) -> str:
        """The text of a file of the mapping library."""
        return LIBRARY.joinpath(*name.split("/")).read_text("utf-8")

    def orders(self, name: str, *rows: str) -> bytes:
        """A GBK file of orders; gives its bytes too."""
        payload = "\r\n".join([HEADINGS, *rows, ""]).encode("gbk")
        self.write(name, payload)
        return payload

    def type(self, command: str) -> str:
        """What the command line says, as a user sees it; a last line gives the exit code where it is not 0."""
        said, code = typed(shlex.split(command), self.folder)
        shown = said.replace(str(self.folder.resolve()), "<folder>").replace(str(self.folder), "<folder>")
        return shown.rstrip("\n") + (f"\n(exit code {code})" if code else "") + "\n"

    def take(self) -> None:
        """What a running hub does until nothing is left to do: fetch files, translate, apply, send once."""
        with self.built() as hub:
            for door, connector in hub.inward.values():
                for inbound in connector.receive():
                    hub.flow.receive(inbound, door)
            for _ in range(20):
                hub.flow.work()

    @contextmanager
    def built(self, signals: Signals | None = None) -> Iterator[Hub]:
        """The hub, built as ``hub run`` builds it."""
        with _in(self.folder):
            hub = build(Path("hub.yaml"), signals=signals)
            try:
                yield hub
            finally:
                hub.close()


@contextmanager
def _in(folder: Path) -> Iterator[None]:
    with contextlib.chdir(folder):
        yield


def typed(words: Sequence[str], folder: Path) -> tuple[str, int]:
    """The command line called in this process, in a folder: (what it printed, exit code)."""
    said, code = io.StringIO(), 0
    with _in(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), _arguments(words):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return said.getvalue(), code


@contextmanager
def _arguments(words: Sequence[str]) -> Iterator[None]:
    before, sys.argv = sys.argv, list(words)
    try:
        yield
    finally:
        sys.argv = before
