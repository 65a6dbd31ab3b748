"""The guards: a schema, inferred or curated, and the checks that stop a run."""
