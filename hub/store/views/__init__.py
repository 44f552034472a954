"""Queries for people, one file a screen. Each takes the parties whose documents may be seen, None for all.

They look and never decide; rows come out as plain mappings with instants in microseconds UTC.
"""
