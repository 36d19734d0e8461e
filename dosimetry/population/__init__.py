"""Many patients: what trials published."""
