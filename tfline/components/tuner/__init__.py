"""The Tuner: searches settings of a model and its training, whose best feed the Trainer."""
