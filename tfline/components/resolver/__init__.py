"""The baseline: the model that the candidate is compared with, out of the push folder."""
