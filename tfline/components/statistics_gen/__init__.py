"""Statistics of every split, by TensorFlow Data Validation."""
