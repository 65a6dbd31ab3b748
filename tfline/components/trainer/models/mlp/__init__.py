"""Feed-forward networks, for tables."""
