"""A plan as a page to open, print and keep."""
