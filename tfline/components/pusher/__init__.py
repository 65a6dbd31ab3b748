"""The push folder: the baseline that is live in it, and the versions that are added to it."""
