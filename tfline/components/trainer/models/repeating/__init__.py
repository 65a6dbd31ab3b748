"""Forecasts that repeat what was: what others have to beat, as models that can be pushed."""
