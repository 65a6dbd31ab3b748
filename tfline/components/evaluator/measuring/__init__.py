"""From groups of examples to the values of the metrics on each slice, and their uncertainty."""
