"""Code lists from public standards, as data: units, currencies, countries, stock states, answers to orders.

What a partner writes for them is not here: that is a row of a code table.
"""
