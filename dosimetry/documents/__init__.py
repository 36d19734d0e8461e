"""The results as data and JSON: plan, dose, clinic, flags, fit, recalculation."""
