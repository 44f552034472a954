"""The documents: what they show is run, what they list is made from the code."""
