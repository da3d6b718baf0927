"""Augmenters that are learned from real images before they can be used."""
