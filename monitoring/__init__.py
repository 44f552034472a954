"""Watches the hub, never takes part: metrics, logs, health, and one page that lists what flows and what is held."""
