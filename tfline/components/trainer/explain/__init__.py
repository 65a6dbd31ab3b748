"""What each raw feature has contributed to an answer, computed inside the exported model."""
