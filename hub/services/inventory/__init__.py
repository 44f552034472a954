"""The inventory service: an immutable ledger of movements, balances derived from it, reservations for order lines."""
