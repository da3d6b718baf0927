"""The quality of generated images: distances, judges, people, and the card of all."""
