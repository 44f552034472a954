"""What the hub speaks of: documents, identifiers, quantities, money, code lists. Imports nothing of ours, does no input/output.

A body travels as a plain dict; ``validate`` judges it, ``canonical_json`` gives its bytes, ``fingerprint`` their hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from canonical_model.canonical_form import canonical_json, fingerprint, ordered
from canonical_model.problems import Problem
from canonical_model.validation import validate


def explain(type_name: str, body: Mapping[str, Any]) -> list[Problem]:
    """The verdict of ``validate`` from the reference validator, in the order of the body, each with the place, the fact and the fix."""
    from canonical_model.explaining import explain as told

    return told(type_name, body)


__all__ = ["canonical_json", "explain", "fingerprint", "ordered", "validate"]
