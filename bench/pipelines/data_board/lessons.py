"""What the rows of the data leaderboard let a generator learn before it draws, in the words of a recipe file."""

SHOWN = ("a photo of a {}.",)
# What digits-sd learns well from a few digits; at full size a recipe says more steps and a smaller rate.
TOKEN = {
    "name": "textual-inversion",
    "templates": list(SHOWN),
    "initial": "a",
    "steps": 100,
    "rate": 0.02,
    "flip": False,
}
TUNED = {
    "name": "fine-tuning",
    "templates": list(SHOWN),
    "steps": 100,
    "batch": 8,
    "accumulation": 1,
    "rate": 1e-4,
    "flip": False,
}
# Erased so that the oracle reads a class no more; a token of several vectors then finds it again from its shots.
ERASED = {
    "name": "erasure",
    "concepts": list(SHOWN),
    "layers": "x",
    "steps": 110,
    "rate": 3e-4,
    "batch": 8,
    "sampling_steps": 5,
}
FOUND_AGAIN = TOKEN | {"vectors": 4, "steps": 150, "rate": 0.05, "batch": 8}
# Passes of an image through the generator that each takes, for the estimate.
TOKEN_LESSON, TUNING_LESSON, ERASED_LESSON = 4600, 1100, 26_000
