"""tfline's models of tables beside others of the registry, on the same records."""
