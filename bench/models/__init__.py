"""**The contestants**: one file for each place a model can come from."""
