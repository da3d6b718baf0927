"""**The real world**: one file for each family of real data."""
