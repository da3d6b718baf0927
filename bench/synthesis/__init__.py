"""**The makers**: one file for each way to make an image."""
