"""The label: laboratory findings, CTCAE grades, dose-modification rules, and its answer."""
