"""A blessed model becomes a version in the push folder, once it has been certified."""
