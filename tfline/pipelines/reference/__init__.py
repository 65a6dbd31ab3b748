"""The reference of tfline, generated from the code: what `tfline help` and the site show."""
