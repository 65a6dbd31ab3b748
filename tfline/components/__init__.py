"""The TFX components, one folder each; none imports another."""
