"""What each section of a page shows, as frozen models: no HTML and no figures."""
