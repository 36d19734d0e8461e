"""The whole course: dose distribution of every region, flags and warnings."""
