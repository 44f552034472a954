"""Tests of what watches the hub."""
