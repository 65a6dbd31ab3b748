"""Models that write a text token by token, and the ways to make them write it."""
