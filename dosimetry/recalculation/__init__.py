"""The independent recalculation of a plan: other code, other tables where there are any."""
