"""**The gym**: how a classifier or a detector is fitted."""
