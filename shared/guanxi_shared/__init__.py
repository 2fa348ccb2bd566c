"""HTTP, Postgres and tokens for every service."""
