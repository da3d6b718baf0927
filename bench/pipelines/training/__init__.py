"""Training runs of classifiers: what they train on, for how long, and how many at once."""
