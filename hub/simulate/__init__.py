"""Simulated partners: a brand's SAP, two provincial agents with GBK files, a warehouse on X12. Seeded, with planted faults.

They are written apart from the hub's own readers and writers, speak to it only through its doors (HTTP, folders), and keep
logs of their own, from which ``balance`` computes what the hub ought to say. Demo, tests and documents use the same ones.
"""
