"""Measurements of a cycle: what a table or a list of scans and samples says, read strictly."""
