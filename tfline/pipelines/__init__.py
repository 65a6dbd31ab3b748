"""What a pipeline is, and how it is run."""
