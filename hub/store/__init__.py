"""The message store: tables, unit of work, and the statements of the lane, one module a table group."""
