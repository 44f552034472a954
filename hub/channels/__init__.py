"""Channels: how a step learns that there is work, and how admitted documents reach subscribers. One contract (``base``)."""
