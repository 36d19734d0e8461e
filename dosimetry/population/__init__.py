"""Many patients at once: cohorts, virtual trials, and what trials published."""
