"""Forests of decision trees, grown by Yggdrasil Decision Forests (Guillame-Bert et al. 2023)."""
