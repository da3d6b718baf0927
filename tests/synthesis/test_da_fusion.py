"""Textual inversion and DA-Fusion: a token is learned once, found again, and refused where it does not fit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Adaptation
from bench.synthesis.adaptation import Lesson, State, read_state
from bench.synthesis.da_fusion import DaFusion, edited_where
from bench.synthesis.diffusion import open_pipeline, settled
from bench.synthesis.maker import Request
from bench.synthesis.parameters import read_adaptation
from bench.synthesis.textual_inversion import TextualInversion, put_token
from tests.synthesis.digits import digits_recipe, pixels

INVERSION = {"templates": ["a photo of a {}."], "vectors": 2, "steps": 3, "batch": 4, "flip": False, "initial": "a"}


def recipe(**parameters):
    method = {"name": "da-fusion", "parameters": {"safety": "none"} | parameters}
    return digits_recipe(method, adaptations=[{"name": "textual-inversion", "parameters": INVERSION}])


def ring(radius):
    """A figure that no prompt of digits-sd names: a ring with a dot."""
    y, x = np.mgrid[:32, :32] - 15.5
    far = np.hypot(x, y)
    return Image.fromarray((255 * ((np.abs(far - radius) < 1.5) | (far < 2))).astype(np.uint8))


def learned(asked, steps=3, *, seed=1, rate=0.02):
    """What textual inversion yields from rings, and the pipeline that knows it."""
    parameters = read_adaptation(
        Adaptation(name="textual-inversion", parameters=INVERSION | {"steps": steps, "rate": rate})
    )
    lesson = Lesson(asked, "ring", [ring(radius) for radius in (8, 9, 10, 11)], ["ring"] * 4, seed)
    with settled():
        tensors = TextualInversion(parameters).learn(open_pipeline(asked, device="cpu"), lesson)
    return State("textual-inversion", "ring", "digits-sd", tensors)


def loss(asked, states, prompt):
    """The mean denoising loss of the rings under a prompt, over the same draws."""
    from bench.synthesis.denoising import DenoisingLoss
    from bench.synthesis.textual_inversion import read_ids

    with settled():
        pipeline = open_pipeline(asked, device="cpu", states=states)
        words = pipeline.text_encoder(read_ids(pipeline, prompt)).last_hidden_state
        measure = DenoisingLoss(pipeline, [ring(8.5), ring(10.5)], asked, flip=False)
        return float(measure([0, 1] * 64, words.expand(128, -1, -1), torch.Generator().manual_seed(0)))


def test_the_loss_falls_and_the_generator_s_own_weights_stay():
    asked = recipe()
    state, before = learned(asked, 60), learned(asked, 1, rate=1e-9)
    assert state.tensors["vectors"].shape == (2, 96)
    assert loss(asked, [state], "a photo of a <ring>.") < 0.95 * loss(asked, [before], "a photo of a <ring>.")
    assert loss(asked, [state], "a photo of a three.") == loss(asked, [], "a photo of a three.")


def test_the_same_lesson_gives_the_same_bytes_and_a_file_gives_them_back():
    one, again = learned(recipe()), learned(recipe())
    assert one.data == again.data
    assert learned(recipe(), seed=2).digest != one.digest
    found = read_state(one.data, "here")
    assert (found.digest, found.class_name, found.adaptation) == (one.digest, "ring", "textual-inversion")
    for damaged in (one.data[:40], b"", one.data[:-8], b"{}" * 40):
        with pytest.raises(DataError, match="here: no learned state of ours, or damaged") as caught:
            read_state(damaged, "here")
        assert "\n" not in str(caught.value)


def test_a_token_of_another_text_encoder_is_one_line():
    state = State("textual-inversion", "ring", "other", {"vectors": torch.zeros(1, 768)})
    with pytest.raises(
        DataError, match=r"a token of another text encoder: its vectors are \(1, 768\), .* 96"
    ) as caught:
        put_token(open_pipeline(recipe(), device="cpu"), state)
    assert "\n" not in str(caught.value)


def test_a_word_of_several_tokens_is_no_beginning():
    pipeline = open_pipeline(recipe(), device="cpu")
    for initial, message in (
        ("xylophone", "expected one token of the generator, 'xylophone' is"),
        ("one two three", r"expected one word, or one a vector \(2\), got 3"),
    ):
        known = read_adaptation(Adaptation(name="textual-inversion", parameters=INVERSION | {"initial": initial}))
        with pytest.raises(UsageError, match=message):
            TextualInversion(known).learn(pipeline, Lesson(recipe(), "x", [], [], 1))


def test_each_vector_may_begin_at_a_word_of_its_own():
    pipeline = open_pipeline(recipe(), device="cpu")
    rows, ids = pipeline.text_encoder.get_input_embeddings().weight.detach(), pipeline.tokenizer.convert_tokens_to_ids
    for initial, expected in (("five eight", ["five", "eight"]), ("a", ["a", "a"])):
        known = read_adaptation(Adaptation(name="textual-inversion", parameters=INVERSION | {"initial": initial}))
        first = TextualInversion(known)._first(pipeline)
        words = [pipeline.tokenizer.tokenize(word)[0] for word in expected]
        assert torch.equal(first, rows[ids(words)])


def asked_for(count, mask=None):
    return [Request("ring", "a photo of a <ring>.", "", seed, ring(8 + seed % 4), "0", mask) for seed in range(count)]


def test_stacked_strengths_edit_each_image_at_one_of_them_or_in_turn():
    state = learned(recipe())
    made = {}
    for compose in ("parallel", "sequential"):
        maker = DaFusion(recipe(strengths=[1.0, 0.5], compose=compose), device="cpu", states=[state])
        made[compose] = pixels(maker.draw(asked_for(16)))
        assert (pixels(maker.draw(asked_for(16))) == made[compose]).all()
        times = [sum(maker._applies(seed, stage) for stage in (0, 1)) for seed in range(4000)]
        expected = [0, 1, 0] if compose == "parallel" else [0.25, 0.5, 0.25]
        assert np.allclose(np.bincount(times, minlength=3) / 4000, expected, atol=0.03)
    untouched = [
        i for i, request in enumerate(asked_for(16)) if (made["sequential"][i] == np.asarray(request.source)).all()
    ]
    assert 1 <= len(untouched) <= 8
    assert not (made["parallel"] == made["sequential"]).all()


def test_a_mask_keeps_what_it_covers_not_and_inverted_what_it_covers():
    state, mask = learned(recipe()), Image.new("L", (32, 32))
    mask.paste(255, (0, 0, 16, 32))  # the left half is the object
    sources = pixels([request.source for request in asked_for(8)])
    change = {}
    for kind in ("object", "background"):
        maker = DaFusion(recipe(strengths=[0.75], mask=kind, grow=1), device="cpu", states=[state])
        changed = np.abs(pixels(maker.draw(asked_for(8, mask))) - sources)
        change[kind] = changed[:, :, :12].mean(), changed[:, :, 20:].mean()
    assert change["object"][0] > 2 * change["object"][1]
    assert change["background"][1] > 2 * change["background"][0]


def test_masks_grow_by_a_maximum_filter_and_are_inverted_after():
    mask = Image.new("L", (9, 9))
    mask.putpixel((4, 4), 255)
    grown = np.asarray(edited_where(mask, grow=5, inverted=False)) > 0
    assert grown.sum() == 25
    assert ((np.asarray(edited_where(mask, grow=5, inverted=True)) > 0) == ~grown).all()


def test_a_mask_of_another_size_is_one_line():
    maker = DaFusion(recipe(strengths=[0.5], mask="object"), device="cpu", states=[learned(recipe())])
    wrong = replace(asked_for(1)[0], mask=Image.new("L", (16, 32)))
    with pytest.raises(DataError, match="expected a mask of 32 x 32 pixels, got 16 x 32") as caught:
        maker.draw([wrong])
    assert "\n" not in str(caught.value)
