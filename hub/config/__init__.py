"""``hub.yaml``: every block typed, unknown words refused with a suggestion, secrets only by reference (decision D27)."""

from hub.config.blocks import CodeSet, Folders, HubBlock, In, Limits, Out, Route, RouteLimits, System
from hub.config.loader import Config, ConfigFault, load, parse

__all__ = [
    "CodeSet",
    "Config",
    "ConfigFault",
    "Folders",
    "HubBlock",
    "In",
    "Limits",
    "Out",
    "Route",
    "RouteLimits",
    "System",
    "load",
    "parse",
]
