"""One self-contained HTML page a run: collect what it left, draw it, render it.

run_files   the artifacts of a run, read when asked for
collect/    from them to frozen models of the page, a module a section; no HTML
figures/    from those to Plotly figures, a module a section
sections    the table of sections
render      from all that to one HTML file, by the templates
comparison  two runs side by side
"""
