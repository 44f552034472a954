"""The fault harness: a real hub as real processes, partners that keep their own lists, a killer, a checker. ``./dev faults``.

Nothing of the hub is trusted to say that it is well: what the senders were told, what the receivers and the subscriber got
stands in files of their own, and the verdict compares these with an oracle that knows the corpus alone.
"""
