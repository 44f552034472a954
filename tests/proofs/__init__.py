"""Proofs of promises that no single room can keep alone."""
