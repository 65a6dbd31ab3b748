"""The checks of the data that stop a run before anything is learned from it."""
