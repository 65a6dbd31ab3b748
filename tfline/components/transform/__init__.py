"""Transform: analyses the train split once and exports the graph used everywhere after it."""
