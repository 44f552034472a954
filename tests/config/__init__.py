"""Tests of ``hub.yaml``."""
