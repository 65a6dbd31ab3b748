"""The schema of the data: inferred from the statistics, or curated in a file."""
