"""Plans, curves, cohorts and trials on a terminal."""
