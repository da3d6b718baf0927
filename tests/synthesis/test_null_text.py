"""Null-text inversion: a real digit comes back under guidance, where DDIM inversion alone drifts."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from PIL import Image

from bench.sources import mnist
from bench.synthesis.diffusion import settled
from bench.synthesis.image_to_image import round_trip, start_image
from bench.synthesis.maker import Request
from bench.synthesis.null_text import NullText, inverted
from tests.synthesis.digits import digits_recipe, pixels

DEFAULT = {}
PUBLISHED = {"initial": "empty", "fixed_point": 0}
DDIM = {"inversion": "ddim", "fixed_point": 0}


def recipe(steps, **parameters):
    method = {"name": "null-text", "parameters": {"safety": "none", "source": "a photo of a {}."} | parameters}
    return digits_recipe(method, sampler={"name": "DDIMScheduler", "steps": steps, "guidance": 2.0})


def digits(count):
    """So many real digits, spread over the training set, with the prompts of their classes."""
    data = mnist.train()
    found = []
    for row in range(0, 4000, 4000 // count):
        name = mnist.CLASS_NAMES[int(data.labels[row])]
        found.append(Request(name, f"a photo of a {name}.", "", row, Image.fromarray(data.images[row])))
    return found


def psnr(images, requests, asked):
    """Mean decibels of pictures against the real digits that they began as."""
    real = pixels([start_image(request.source, asked) for request in requests])
    errors = ((pixels(images) - real) ** 2).mean(axis=(1, 2))
    return float(np.mean(10 * np.log10(255**2 / errors)))


def figures(requests, steps, *variants):
    """The figure of the round trip through the autoencoder, and that of each variant's reconstruction."""
    makers = [NullText(recipe(steps, **one), device="cpu") for one in variants]
    asked, pipeline = recipe(steps), makers[0].editor.pipeline
    with settled():
        whole = round_trip(pipeline, [start_image(request.source, asked) for request in requests], asked)
    return [psnr(whole, requests, asked), *(psnr(maker.pairs(requests)[0], requests, asked) for maker in makers)]


def test_real_digits_come_back_and_ddim_inversion_alone_is_worse():
    whole, null_text, alone = figures(digits(2), 6, {"fixed_point": 3, "inner": 2}, DDIM)
    assert null_text > whole - 1
    assert alone < null_text - 3


def test_a_source_is_inverted_once_and_its_fit_is_its_own():
    """Two images of one digit beside another: one fit for both, and that of each as if it were alone."""
    one, other = digits(2)
    maker, lengths, fitted = NullText(recipe(4, **PUBLISHED), device="cpu"), [], []

    def seen(pivots, words, null):
        lengths.append(len(null))
        fitted.append(NullText._fitted(maker, pivots, words, null))
        return fitted[-1]

    maker._fitted = seen
    twice = [one, other, dataclasses.replace(one, seed=9)]
    maker.pairs(twice)
    for request in twice[:2]:
        maker.pairs([request])
    assert lengths == [2, 1, 1]
    beside, *alone = fitted
    for step, *own in zip(beside, *alone, strict=True):
        assert torch.allclose(step, torch.cat(own), atol=2e-3)
        assert not torch.allclose(step[0], step[1], atol=1e-2)


def test_a_row_that_is_right_rests_while_another_is_fitted():
    """Adam's first step moves every number by the whole rate, however small its gradient."""
    maker, held = NullText(recipe(3, fixed_point=4, inner=2, stop=1e-3), device="cpu"), []

    def second_is_off(pivots, words, null):
        moved = pivots[-2] + torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)
        fitted = NullText._fitted(maker, [*pivots[:-2], moved, pivots[-1]], words, null)
        held.append((words, fitted[0]))
        return fitted

    maker._fitted = second_is_off
    maker.pairs(digits(2))
    [(words, first)] = held
    assert torch.equal(first[0], words[0])
    assert not torch.equal(first[1], words[1])


@pytest.mark.slow
def test_the_bar_is_met_by_default_and_what_each_part_of_it_adds():
    """Measured on ten digits; the published variant is better than DDIM alone and does not meet the bar here."""
    whole, default, published, alone = figures(digits(10), 12, DEFAULT, PUBLISHED, DDIM)
    assert default > whole - 1
    assert default > published > alone


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_rounds_make_an_inversion_step_lead_back_whatever_the_generator_predicts(kind):
    scheduler = DDIMScheduler(prediction_type=kind, clip_sample=False, set_alpha_to_one=False)
    scheduler.set_timesteps(10)

    def unet(z, t, encoder_hidden_states):
        return SimpleNamespace(sample=0.5 * torch.sin(z))

    latents = torch.randn(2, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    off = []
    for rounds in (0, 2, 40):
        z = inverted(unet, scheduler, latents, torch.zeros(1), rounds=rounds)[-1]
        for t in scheduler.timesteps:
            z = scheduler.step(unet(z, t, None).sample, t, z).prev_sample
        off.append(float((z - latents).abs().max()))
    assert off[0] > off[1] > off[2]
    assert off[2] < 1e-3
