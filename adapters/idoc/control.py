"""What the control record says, whichever form the IDoc has: its types for routing and its technical id."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

from adapters.idoc.definition import CONTROL_BY_NAME, FieldDef
from adapters.idoc.names import xml_name


def type_names(basic: str, extension: str, message: str, variant: str, function: str) -> list[str]:
    """Names a route may use, most specific first.

    >>> type_names("ORDERS05", "", "ORDCHG", "CAN", "")
    ['ORDERS05/ORDCHG/CAN', 'ORDERS05/ORDCHG']
    >>> type_names("ORDERS05", "ZHUB", "ORDERS", "", "X")
    ['ORDERS05+ZHUB/ORDERS//X', 'ORDERS05+ZHUB/ORDERS', 'ORDERS05/ORDERS//X', 'ORDERS05/ORDERS']
    """
    ends = [f"/{variant}/{function}"] if function else []
    ends += [f"/{variant}"] if variant else []
    heads = ([f"{basic}+{extension}"] if extension else []) + [basic]
    return [f"{head}/{message}{end}" for head in heads for end in (*ends, "")]


class IdocControl(ABC):
    """Shared by flat and XML documents."""

    @abstractmethod
    def control_value(self, one: FieldDef) -> str:
        """A field of the control record without trailing blanks; empty when absent."""

    def of_control(self, name: str) -> str:
        """A field of the control record by name."""
        return self.control_value(CONTROL_BY_NAME[name])

    @cached_property
    def types(self) -> list[str]:
        """Names a route may use, most specific first; name spaces in their XML form."""
        return type_names(*(xml_name(self.of_control(name)) for name in ("IDOCTYP", "CIMTYP", "MESTYP", "MESCOD", "MESFCT")))

    @cached_property
    def technical(self) -> tuple[str, ...] | None:
        """("idoc", client, sending partner, number) when the number is filled (decision 0004)."""
        number = self.of_control("DOCNUM")
        return ("idoc", self.of_control("MANDT"), self.of_control("SNDPRN"), number) if number.strip("0 ") else None
