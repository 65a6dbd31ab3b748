"""From the files of the eval split to groups of predicted examples, one a slice and block."""
