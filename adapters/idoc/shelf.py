"""The definitions at hand, and the layouts made from them: one for each definition and form."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from adapters.idoc.definition import Definition, nothing_known
from adapters.idoc.layout import Form, IdocLayout
from adapters.idoc.names import xml_name
from canonical_model.problems import Misconfigured

_UNKNOWN_LAYOUTS = 256


class Shelf:
    """Finds definition and layout for what a control record or a mapping names."""

    def __init__(self, definitions: Mapping[str, Definition]) -> None:
        self._definitions = {one.name: one for one in definitions.values()}
        self._layouts: dict[tuple[str, Form, str], IdocLayout] = {}

    def definition(self, type: str) -> Definition:
        """For ``ORDERS05`` or ``ORDERS05+ZHUB`` (the extension's, else the basic type's). Raises Misconfigured."""
        basic, _, extension = type.partition("+")
        found = self._definitions.get(extension) or self._definitions.get(basic) or self._newer(basic)
        if found is None:
            near = get_close_matches(basic, self._definitions)
            hint = f"; did you mean {', '.join(near)}" if near else ""
            raise Misconfigured(
                f"no definition of IDoc type {type}{hint}", at=f"type {type}",
                fix="export it in WE60 (parser) and load it: hub definitions add FILE",
            )  # fmt: skip
        return found

    def layout(self, type: str, form: Form, charset: str | None = None) -> IdocLayout:
        """Layout for a type that a mapping names. Raises Misconfigured when there is no definition."""
        return self._made(self.definition(type), form, charset)

    def layout_for(self, basic: str, extension: str, form: Form, charset: str | None = None) -> IdocLayout:
        """Layout for what a control record names; without any definition every segment is unknown and kept."""
        basic, extension = xml_name(basic), xml_name(extension)
        found = self._definitions.get(extension) or self._definitions.get(basic) or self._newer(basic)
        return self._made(found or nothing_known(basic), form, charset)

    def _newer(self, basic: str) -> Definition | None:
        """The nearest newer type of the same family (DELVRY03 -> DELVRY07): a successor only adds to its predecessor."""
        stem, number = basic[:-2], basic[-2:]
        if not (stem and number.isdigit()):
            return None
        newer = [name for name, one in self._definitions.items() if not one.extension and name[:-2] == stem and name[-2:] > number]
        return self._definitions[min(newer)] if newer else None

    def _made(self, definition: Definition, form: Form, charset: str | None) -> IdocLayout:
        key = (definition.name, form, charset or "" if form == "bytes" else "")
        layout = self._layouts.get(key)
        if layout is None:
            layout = IdocLayout(definition, form, charset)
            if definition.segments or len(self._layouts) < _UNKNOWN_LAYOUTS:
                self._layouts[key] = layout
        return layout
