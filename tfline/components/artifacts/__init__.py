"""What components leave for one another: the layout of their artifacts and of the push folder."""
