"""Documents of other systems: iCalendar."""
