"""A model under test: its predictions, its score card, and how two compare."""
