"""The steps of the schema, oldest first; Alembic loads them by file."""
