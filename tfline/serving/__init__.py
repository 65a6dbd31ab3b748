"""Serving: a model server with TensorFlow Serving's API, and a client for it."""
