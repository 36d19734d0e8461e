"""How a plan looks."""
