"""What a metric keeps of the examples, and the values that come of it: NumPy alone.

A metric has two halves. Its statistic reads a group of examples in a few NumPy calls, and the
statistics of two groups add up to that of both: `Classes` counts how often each class was given,
predicted, and both. Its value is a number that comes of the statistic: `precision` divides two of
those counts. So groups may be formed on any number of workers, and no example has to be kept.

Nothing here knows of TFX, Beam or TFMA; `table` lists all metrics.
"""
