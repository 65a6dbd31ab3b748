"""tfline: from TFRecords to a model that answers over TF Serving's gRPC."""
