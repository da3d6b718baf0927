"""**The verbs**: one file for each thing a user does; the only place where the shelves meet."""
