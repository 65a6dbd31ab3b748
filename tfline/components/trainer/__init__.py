"""The Trainer: what runs inside TFX's stock Trainer component."""
