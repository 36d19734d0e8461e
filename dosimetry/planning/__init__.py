"""From a patient to a plan: schedule, strategy, assembly, comparison, verification."""
