"""Identifiers of GS1: one file each with the same functions ``compact``, ``check_digit``, ``parse``, ``is_valid``."""
