"""The services that work on canonical documents: order, inventory, master data. Independent of each other; see ``together``."""
