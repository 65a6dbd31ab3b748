"""From measured values and the rules of the spec to the answer whether a model may be pushed."""
