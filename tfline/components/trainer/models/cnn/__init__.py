"""Convolutional networks, for images: one paper a file."""
