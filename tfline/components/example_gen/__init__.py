"""TFRecords become a checked TFX ``Examples`` artifact, split as the spec says."""
