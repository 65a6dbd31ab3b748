"""Transformers, from their parts to models (Vaswani et al. 2017, Attention Is All You Need)."""
