"""The Evaluator: how good a model is, overall and on slices, and whether it may be pushed."""
