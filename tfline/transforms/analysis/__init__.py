"""Statistics of the train split: what a transform asks, and how all are answered in one pass."""
