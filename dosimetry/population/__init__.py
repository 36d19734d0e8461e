"""Many patients at once: cohorts and virtual trials."""
