"""Intervals around predicted numbers and sets of classes that hold the truth as often as asked."""
