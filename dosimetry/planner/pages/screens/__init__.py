"""The screens of the planner, one per file."""
