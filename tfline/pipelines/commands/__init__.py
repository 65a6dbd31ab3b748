"""The commands of `tfline`, one module each: `add_arguments(parser)` and `run(arguments)`."""
