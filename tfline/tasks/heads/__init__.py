"""The last layer of a model, its loss and what is shown while it is trained: a class a task."""
