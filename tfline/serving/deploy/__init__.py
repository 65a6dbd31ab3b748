"""Deployment of TensorFlow Serving: Docker, Compose, Kubernetes and KServe, from one spec."""
