"""One delivered cycle: scans to curves to absorbed dose per region."""
