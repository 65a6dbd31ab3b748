"""Recurrent and causal networks: of series, and of text."""
