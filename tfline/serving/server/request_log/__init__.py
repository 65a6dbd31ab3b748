"""The request log: what was asked and answered, as PredictionLogs in TFRecord files."""
