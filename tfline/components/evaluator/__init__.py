"""The Evaluator: how good a model is, overall and on slices, and whether it may be pushed.

Its rooms follow the data; each imports only those before it.

    reading     files of the eval split  -> predicted examples in groups, one a slice and block
    measuring   groups                   -> the values of the metrics on each slice; their errors
    gate        values and rules         -> blessed or not, and why
    evidence    a sample of the records  -> curves, mistakes and importances for the report

What a metric is stands in `tfline.metrics`, which knows nothing of components.
"""
