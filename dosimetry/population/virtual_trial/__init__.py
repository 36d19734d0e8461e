"""Virtual trials: patients drawn from the population, each planned by every strategy."""
