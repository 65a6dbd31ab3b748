"""A run: what it depends on, what is checked before it, and what is kept of it."""
