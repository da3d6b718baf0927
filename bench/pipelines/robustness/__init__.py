"""Effective robustness of a table of models, and the populations that it is measured against."""
