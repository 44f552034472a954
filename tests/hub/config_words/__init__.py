"""Every word of ``hub.yaml`` does what its description says: each through a real embedded hub, built from a file."""
