"""The figures of each section, as plain Plotly specifications."""
