"""Many patients at once: cohorts, virtual trials, published trials."""
