"""Paths of nodes with occurrences, as people read them: ``E1EDP01[2]/E1EDP19[1]``."""

from __future__ import annotations

from typing import Any

from lxml import etree

from adapters.base import Node


def occurrences(root: Node) -> dict[Any, str]:
    """Path of every node below ``root``, by its token."""
    found: dict[Any, str] = {}
    left: list[tuple[str, Node]] = [("", root)]
    while left:
        above, node = left.pop()
        for name, kids in node[1].items():
            for count, kid in enumerate(kids, 1):
                path = f"{above}/{name}[{count}]" if above else f"{name}[{count}]"
                found[kid[2]] = path
                if kid[1]:
                    left.append((path, kid))
    return found


def local(element: etree._Element) -> str:
    """An element's name without its XML name space."""
    tag = str(element.tag)
    return tag[tag.index("}") + 1 :] if tag[0] == "{" else tag
