"""The treatment: patient, doses per cycle, prediction, limits, plan."""
