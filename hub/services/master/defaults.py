"""What varies in the master data service: whose codes a document speaks, and how a new party is called."""

from __future__ import annotations

from dataclasses import dataclass

from hub.store.effects import Applicable


@dataclass(frozen=True, slots=True)
class MasterRules:
    """``setting``: the route setting that names the code set; without it the sender's system is its own code set."""

    setting: str = "codes"

    def code_set(self, document: Applicable) -> str:
        """Code set of the codes in a master data document."""
        return str(document.settings.get(self.setting) or document.system)

    def party_id(self, code_set: str, code: str) -> str:
        """Id of a party that the sender does not know by the hub's id."""
        return f"{code_set}:{code}"


DEFAULT_RULES = MasterRules()
