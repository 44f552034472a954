"""Measurements that a person starts: ``./dev bench NAME``. Never part of the tests, never a condition of anything."""
