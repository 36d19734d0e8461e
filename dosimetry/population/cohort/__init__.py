"""A cohort: a table of many patients to doses and limits, in parts."""
