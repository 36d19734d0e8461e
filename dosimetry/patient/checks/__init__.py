"""Contradictions between fields of a patient file, by subject."""
