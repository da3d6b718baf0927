"""Made-up cells of the data leaderboard, for tests of what is computed and printed from them."""

import base64
import io

from PIL import Image

from bench.core.data_cell import Cost, DataCell, Epoch, Made, Protocol, Settings
from bench.core.training_run import TrainingRun

SETS = ("test", "shift")


def cell(method, trial, shifted, *, shots=4, inside=0.8, steps=100, mix=0.5, drawn=False, **changes):
    """One cell; `shifted` and `inside` are the last epoch's accuracies, a worse and a better epoch came before."""
    protocol = Protocol(
        track="toy", shots=shots, arch="a", steps=steps, batch=16, learning_rate=0.1, epochs=3, per_image=5, mix=mix
    )
    settings = Settings(protocol=protocol, method=method, trial=trial, augment=None, recipe=None)
    run = TrainingRun(track="toy", arm="real", arch="a", data=(), image_size=32, classes=("0", "1"))
    curve = [(0.5, 0.5), (min(1, inside + 0.1), shifted), (inside, shifted)]
    made = Made(
        reference="made@1.0.0", recipe_digest="sha256:0", content_digest="sha256:1", images=200, frechet=1.5,
        consistency=0.9,
    )  # fmt: skip
    said = {
        "settings": settings,
        "run": run,
        "sets": {"test": ("sha256:a", 50), "shift": ("sha256:b", 70)},
        "curve": tuple(
            Epoch(step=steps * k // 3, accuracy={"test": a, "shift": b}) for k, (a, b) in enumerate(curve, start=1)
        ),
        "made": made if drawn else None,
        "cost": Cost(learning=10.0 * drawn, drawing=20.0 * drawn, training=30.0, evaluations=4800 * drawn),
        "strip": strip() if trial == 0 else None,
        "versions": {"torch": "0"},
    }
    return DataCell(**said | changes)


def strip():
    """A tiny picture in base64."""
    buffer = io.BytesIO()
    Image.new("L", (8, 8), 90).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
