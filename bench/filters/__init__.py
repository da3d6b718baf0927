"""**The gate**: one file for each rule that keeps an image out."""
