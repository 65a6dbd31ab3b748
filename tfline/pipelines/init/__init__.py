"""`tfline init`: from data to a spec. Statistics of columns -> decisions -> the text of a spec."""
