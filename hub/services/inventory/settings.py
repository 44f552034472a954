"""``services.inventory`` of ``hub.yaml``: the arguments of the inventory rules, and the rules that they make."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from hub.services.inventory.defaults import InventoryRules, Ownership, Sourcing


class InventorySettings(BaseModel):
    """Rules of the inventory service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    priority: tuple[str, ...] = Field((), description="locations that serve orders before all others, first one first")
    split: bool = Field(True, description="a line may be served from several locations")
    sources: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="seller -> locations that serve its orders; if absent its own, and those of no stated owner"
    )
    owners: Mapping[str, str] = Field(
        default_factory=dict, description="location -> party that owns its stock; if absent a warehouse's parent, or the location"
    )
    in_transit: bool = Field(False, description="goods that left are in transit to where they go until that place reports them")
    complete: bool = Field(False, description="what `complete` of a route says, for every route: what a report does not name is not there")

    def rules(self) -> InventoryRules:
        """The rules of these settings."""
        sourcing = Sourcing(dict(self.sources), self.priority, self.split)
        return InventoryRules(Ownership(dict(self.owners)), sourcing, self.in_transit, self.complete)


SETTINGS = InventorySettings
