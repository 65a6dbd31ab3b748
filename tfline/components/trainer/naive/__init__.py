"""Naive models of the same label: what a trained model has to beat."""
