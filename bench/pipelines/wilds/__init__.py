"""The WILDS tracks: their data, training by their algorithms, and their boards."""
