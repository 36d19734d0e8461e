"""The figures of reference_tables/ by name, each with its unit and source."""
