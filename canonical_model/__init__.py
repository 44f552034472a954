"""What the hub speaks of: documents, identifiers, quantities, money, code lists. Imports nothing of ours, does no input/output.

A body travels as a plain dict; ``validate`` judges it, ``canonical_json`` gives its bytes, ``fingerprint`` their hash.
"""

from __future__ import annotations

from canonical_model.canonical_form import canonical_json, fingerprint, ordered
from canonical_model.validation import explain, validate

__all__ = ["canonical_json", "explain", "fingerprint", "ordered", "validate"]
