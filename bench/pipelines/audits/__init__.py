"""Audits: what a reader should look at in a generated set, with the pictures for it."""
