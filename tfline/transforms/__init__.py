"""What a feature is, and how it becomes a tensor."""
