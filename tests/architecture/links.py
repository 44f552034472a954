"""Links in Markdown documents: the file exists, and so does the heading after ``#``. Addresses of the web are not fetched."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from tests.architecture import tree

LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
WEB = re.compile(r"^[a-z][a-z0-9+.-]*:")


def anchors(text: str) -> set[str]:
    """Names that headings can be linked by: lower case, punctuation dropped, blanks as ``-``; repeated ones numbered."""
    found: set[str] = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = sum(1 for known in found if known == name or re.fullmatch(rf"{re.escape(name)}-\d+", known))
        found.add(f"{name}-{number}" if number else name)
    return found


def broken(path: Path, root: Path = tree.ROOT) -> list[str]:
    """Links of one document that lead nowhere."""
    text = path.read_text(encoding="utf-8")
    found = []
    for target in LINK.findall(CODE.sub("", FENCE.sub("", text))):
        if WEB.match(target):
            continue
        name, _, anchor = unquote(target).partition("#")
        other = (root / name.lstrip("/") if name.startswith("/") else path.parent / name) if name else path
        if not other.exists():
            found.append(f"{path.relative_to(root)}: no such file: {target}")
        elif anchor and other.suffix == ".md" and anchor not in anchors(other.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(root)}: no such heading: {target}")
    return found


def violations() -> list[str]:
    return [problem for path in tree.files() if path.suffix == ".md" for problem in broken(path)]
