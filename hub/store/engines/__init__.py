"""The databases under the store: SQLite embedded, PostgreSQL in production. One contract (``base``), one test suite."""
