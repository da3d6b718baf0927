"""**The mixers**: one file for each augmentation applied while training."""
