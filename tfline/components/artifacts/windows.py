"""What says where a window of a series begins and ends, in whatever split or component it is."""

from __future__ import annotations

WINDOW_START, WINDOW_END = "window_start", "window_end"
"""The raw features that `tfline data convert --window` writes beside each window."""

AHEAD = "_ahead"
"""Ends the name of what is to be forecast."""

FUTURE = "_future"
"""Ends the name of what is known in advance of the rows that are forecast."""
