"""What `import tfline` gives: pipelines and their runs, in Python. The command line uses it too."""
