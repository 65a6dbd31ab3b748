"""The REST API: JSON over HTTP on the same models."""
