"""Records and rows that a command reads by itself, without a component and TensorFlow."""
