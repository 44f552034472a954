"""Names of IDoc segments and fields: type against definition, flat against XML.

A segment *type* is ``E1EDK01``; its *definition* in one release is ``E2EDK01005`` (flat files carry it). A name space
``/NAME/X`` is written ``_-NAME_-X`` in XML. Inside the hub the type in its XML form is the name everywhere.
"""

from __future__ import annotations

import re

_NAME_SPACE = re.compile(r"^(_-\w+?_-)?(.*)$", re.DOTALL)
_VERSION = re.compile(r"\d{3}$")
_SEGMENT = re.compile(r"^[A-Z]1[A-Z0-9_]")
_DEFINITION = re.compile(r"^([A-Z])2")


def xml_name(name: str) -> str:
    """The form used inside the hub and in XML.

    >>> xml_name("/CWM/TOLGR")
    '_-CWM_-TOLGR'
    """
    return name.replace("/", "_-")


def flat_name(name: str) -> str:
    """The form SAP uses in flat files and definitions.

    >>> flat_name("_-CWM_-TOLGR")
    '/CWM/TOLGR'
    """
    return name.replace("_-", "/")


def guesses(name: str) -> tuple[str, ...]:
    """Segment types that a name found in a file may mean, likeliest first, by SAP's naming rule alone.

    >>> guesses("E2EDK01008"), guesses("E2EDK14")
    (('E2EDK01008', 'E1EDK01008', 'E1EDK01', 'E2EDK01'), ('E2EDK14', 'E1EDK14'))
    >>> guesses("/NS/Z2HUB000")
    ('_-NS_-Z2HUB000', '_-NS_-Z1HUB000', '_-NS_-Z1HUB', '_-NS_-Z2HUB')
    """
    given = xml_name(name)
    bare = _VERSION.sub("", given)
    return tuple(dict.fromkeys((given, _as_type(given), _as_type(bare), bare)))


def guess(name: str) -> str:
    """The type that an unknown name most likely means: without version digits, ``E2`` made ``E1``.

    >>> guess("E2ADDI1001"), guess("E2CUREF"), guess("E1CUREF"), guess("Z1HUBK1")
    ('E1ADDI1', 'E1CUREF', 'E1CUREF', 'Z1HUBK1')
    """
    given = xml_name(name)
    space, bare = _split(given)
    if not _DEFINITION.match(bare):
        return given
    return space + _DEFINITION.sub(r"\g<1>1", _VERSION.sub("", bare))


def looks_like_segment(name: str) -> bool:
    """True for names that SAP's rule gives to segment types only.

    >>> looks_like_segment("E1CUREF"), looks_like_segment("Z1HUBK1"), looks_like_segment("MENGE")
    (True, True, False)
    """
    return bool(_SEGMENT.match(_split(xml_name(name))[1]))


def _split(name: str) -> tuple[str, str]:
    match = _NAME_SPACE.match(name)
    return (match.group(1) or "", match.group(2)) if match else ("", name)


def _as_type(name: str) -> str:
    space, bare = _split(name)
    return space + _DEFINITION.sub(r"\g<1>1", bare)
