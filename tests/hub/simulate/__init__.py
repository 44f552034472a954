"""The simulated partners, and the demo as a user starts it."""
