"""The house watches itself: every rule of the layout and the budget is a small check here, run by ``./dev check``."""
