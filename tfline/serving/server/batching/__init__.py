"""Batching: requests that come at the same time are run as one."""
