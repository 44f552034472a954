"""``hub.yaml``: every block typed, unknown words refused with a suggestion, secrets only by reference."""

from hub.config.blocks import CodeSet, Folders, Function, HubBlock, In, InLimits, Limits, Out, Route, System
from hub.config.loader import Config, ConfigFault, load, parse

__all__ = [
    "CodeSet",
    "Config",
    "ConfigFault",
    "Folders",
    "Function",
    "HubBlock",
    "In",
    "InLimits",
    "Limits",
    "Out",
    "Route",
    "System",
    "load",
    "parse",
]
