"""Fine-tuning: the UNet alone is learned, and what is drawn moves towards the real images."""

import numpy as np
import pytest
from PIL import Image

from bench.core.recipe import Adaptation
from bench.metrics.frechet import frechet_distance
from bench.models.oracle import open_oracle
from bench.sources import mnist
from bench.synthesis.adaptation import Lesson, State
from bench.synthesis.diffusion import open_pipeline, settled
from bench.synthesis.fine_tuning import FineTuning
from bench.synthesis.maker import Request
from bench.synthesis.parameters import read_adaptation
from bench.synthesis.text_to_image import TextToImage
from tests.synthesis.digits import digits_recipe

TEMPLATE = "a drawing of a {}."
RECIPE = digits_recipe({"name": "text-to-image", "parameters": {"safety": "none"}})


def tuned(count, **parameters):
    known = {"templates": [TEMPLATE], "accumulation": 1, "flip": False} | parameters
    data = mnist.train()
    rows = range(0, 4000, 4000 // count)
    images = [Image.fromarray(data.images[row]) for row in rows]
    names = [mnist.CLASS_NAMES[int(data.labels[row])] for row in rows]
    learner = FineTuning(read_adaptation(Adaptation(name="fine-tuning", parameters=known)))
    with settled():
        tensors = learner.learn(open_pipeline(RECIPE, device="cpu"), Lesson(RECIPE, "", images, names, 1))
    return State("fine-tuning", "", "digits-sd", tensors)


def test_the_unet_alone_is_learned_and_the_same_bytes_each_time():
    one, again = (tuned(4, steps=2, batch=2, rate=1e-4) for _ in range(2))
    assert one.data == again.data
    own = dict(open_pipeline(RECIPE, device="cpu").unet.named_parameters())
    assert set(one.tensors) == set(own)
    assert sum(bool((one.tensors[name] != own[name]).any()) for name in own) > len(own) / 2


@pytest.mark.slow
def test_what_is_drawn_moves_towards_the_real_images():
    """By the oracle's features, 400 drawn images against the test digits, which nobody learned from."""
    oracle, test = open_oracle("digits-oracle"), mnist.test()
    real = oracle.features([Image.fromarray(image) for image in test.images])
    states = {"before": [], "after": [tuned(200, steps=150, batch=8, rate=1e-4)]}
    far = {}
    for name, learned in states.items():
        maker = TextToImage(RECIPE, device="cpu", states=learned)
        asked = [Request("", TEMPLATE.format(word), "", seed) for word in mnist.CLASS_NAMES for seed in range(40)]
        drawn = [image for start in range(0, 400, 40) for image in maker.draw(asked[start : start + 40])]
        labels = np.repeat(np.arange(10), 40)
        assert (oracle.probabilities(drawn).argmax(1) == labels).mean() > 0.9
        far[name] = frechet_distance(oracle.features(drawn), real)
    print(far)
    assert far["after"] < 0.7 * far["before"]
