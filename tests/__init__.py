"""A package, so that an installed one of the same name does not take its place in worker processes."""
