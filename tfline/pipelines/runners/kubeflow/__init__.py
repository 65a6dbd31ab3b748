"""Kubeflow Pipelines: a spec compiled to what the open-source backend runs, and its steps."""
