"""The known answers, recomputed by the installed program on this machine."""
