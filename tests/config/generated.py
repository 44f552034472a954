"""Reference pages of ``hub.yaml`` and of the connectors, made from the settings' types (house style, habit 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from connectors.base import Secret, Settings
from hub.config import blocks
from hub.plugins import receivers, senders, service_settings
from hub.services.order.settings import AgreedPrice, Lot

NOTE = "<!-- made by `.venv/bin/python -m tests.architecture.generated`; edit the descriptions in the code -->\n"
BLOCKS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The file", blocks.Root),
    ("hub", blocks.HubBlock),
    ("hub.folders", blocks.Folders),
    ("hub.limits", blocks.Limits),
    ("systems.NAME", blocks.System),
    ("systems.NAME.in", blocks.In),
    ("systems.NAME.in.limits", blocks.InLimits),
    ("routes.TYPE", blocks.Route),
    ("systems.NAME.out", blocks.Out),
    ("code_sets.NAME", blocks.CodeSet),
)
INTRODUCTION = """
Every block is typed: an unknown word stops the start, and the message names the nearest right one with file, line and column.
All mistakes are told at once. Values stay the text they are (`NO`, `012`). Secrets are written as `env:NAME` or `file:PATH`.
A line of `in:` or `out:` also takes the words of its connector: see [connectors](connectors.md).

```yaml
hub: {store: "sqlite:///var/hub.db", channels: local, timezone: Asia/Shanghai}
systems:
  sap-hq:
    party: HQ
    in:
      - connector: sap_idoc_http
        path: /sap/idoc
        routes:
          ORDERS05/ORDERS: sap/orders05.order
          ORDERS05/ORDCHG: {mapping: sap/orders05.change, changed_resend: newest}
    out:
      - on: order_response
        mapping: sap/ordrsp
        connector: sap_idoc_http
        url: https://sap.example/sap/bc/idoc_xml
        auth: {basic: [HUB, "env:SAP_PASSWORD"]}
```
"""


def files() -> Mapping[str, str]:
    """Path -> text of both pages."""
    return {"docs/reference/hub-yaml.md": hub_yaml(), "docs/reference/connectors.md": connector_page()}


def hub_yaml() -> str:
    services = [(f"services.{name}", model) for name, model in service_settings().items()]
    inside: list[tuple[str, type[BaseModel]]] = [("services.order.prices", AgreedPrice), ("services.order.lots", Lot)]
    titled: list[tuple[str, type[BaseModel]]] = [*BLOCKS, *services, *inside]
    parts = [f"\n## {title}\n{model.__doc__ or ''}\n\n{table(model, hidden={'settings'})}" for title, model in titled]
    return "# hub.yaml\n" + NOTE + INTRODUCTION + "".join(parts)


def connector_page() -> str:
    """Every kind with its words, as a receiver and as a sender."""
    kinds = sorted({*receivers(), *senders()})
    return "# Connectors\n" + NOTE + "".join(f"\n## {kind}\n{''.join(sides(kind))}" for kind in kinds)


def sides(kind: str) -> Iterator[str]:
    """The text of one kind; a class that does both has one table."""
    found = {side: table_of[kind] for side, table_of in (("in", receivers()), ("out", senders())) if kind in table_of}
    for title, one in ({"in and out": found["in"]} if len(set(found.values())) < len(found) else found).items():
        yield f"\n### {kind}: {title}\n{_paragraph(one)}\n\n{table(one.settings_type)}"


def _paragraph(one: type[Any]) -> str:
    return " ".join((one.__doc__ or "").split())


def table(model: type[BaseModel], hidden: Iterable[str] = ()) -> str:
    """Words of a block as a table; blocks inside that belong to a connector are unfolded (``auth.basic``)."""
    rows = [f"| `{word}` | {kind} | {default} | {text} |" for word, kind, default, text in words(model, "", set(hidden))]
    return "| word | value | if absent | what it says |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def words(model: type[BaseModel], prefix: str, hidden: set[str]) -> Iterator[tuple[str, str, str, str]]:
    for name, field in model.model_fields.items():
        inner = bare(field.annotation)
        if name in hidden:
            continue
        yield f"{prefix}{field.alias or name}", shown(field.annotation), default(field), cell(field.description or "")
        if isinstance(inner, type) and issubclass(inner, Settings) and inner is not Settings:
            yield from words(inner, f"{prefix}{field.alias or name}.", hidden)


def bare(annotation: Any) -> Any:
    """Without ``Annotated`` and ``| None``."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return bare(arguments[0])
    if get_origin(annotation) in (Union, UnionType):
        return bare(next(argument for argument in arguments if argument is not type(None)))
    return annotation


def shown(annotation: Any) -> str:
    """A type in a reader's words."""
    inner = bare(annotation)
    arguments = get_args(inner)
    if get_origin(inner) is Literal:
        return " \\| ".join(f"`{value}`" for value in arguments)
    if get_origin(inner) is tuple:
        return f"list of {shown(arguments[0])}" if arguments[-1] is Ellipsis else f"[{', '.join(map(shown, arguments))}]"
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return "block"
    known = {str: "text", int: "number", bool: "yes or no", Secret: "secret"}
    return "name: value" if get_origin(inner) is not None else known.get(inner, getattr(inner, "__name__", "value").lower())


def cell(text: str) -> str:
    """Text that may stand in a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def default(field: FieldInfo) -> str:
    """What stands there when the word is absent."""
    if field.is_required():
        return "**must be there**"
    value = None if "if absent" in (field.description or "") else field.default
    if value is PydanticUndefined or value in (None, (), ""):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
