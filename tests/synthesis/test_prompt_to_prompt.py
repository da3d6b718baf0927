"""Prompt-to-Prompt: alignments worked by hand, and what an edit keeps and changes."""

import numpy as np
import pytest
import torch
from scipy.ndimage import sobel

from bench.core.errors import UsageError
from bench.models.oracle import open_oracle
from bench.sources import mnist
from bench.synthesis.attention_control import Control, Edit
from bench.synthesis.maker import Request
from bench.synthesis.prompt_alignment import aligned, places_of, refined, replaced
from bench.synthesis.prompt_to_prompt import PromptToPrompt, source_prompt
from tests.synthesis.digits import digits_recipe, pixels

STEPS = {"sampler": {"name": "DDIMScheduler", "steps": 8, "guidance": 3.0}}


def recipe(name="prompt-to-prompt", **parameters):
    parameters = {"safety": "none", "source": "a photo of a three."} | parameters
    return digits_recipe({"name": name, "parameters": parameters}, **STEPS)


def request(seed, prompt="a photo of a seven.", source=None):
    return Request("seven", prompt, "", seed, source, "7")


# Classes that share strokes; declared before any of them was looked at.
PAIRS = (("three", "eight"), ("one", "seven"), ("zero", "eight"), ("four", "nine"), ("five", "six"), ("seven", "nine"))
TWELVE = {"sampler": {"name": "DDIMScheduler", "steps": 12, "guidance": 2.0}}
FREE = {"cross_replace": 0.0, "self_replace": 0.0}


def agreement(some, others):
    """The mean correlation of the Sobel magnitudes of pictures."""
    edges = [np.hypot(sobel(one, axis=1), sobel(one, axis=2)).reshape(len(one), -1) for one in (some, others)]
    rows = [(one - one.mean(axis=1, keepdims=True)) / one.std(axis=1, keepdims=True) for one in edges]
    return float((rows[0] * rows[1]).mean())


def swapped(pairs, seeds, **parameters):
    """Over pairs: the share in which the oracle reads the new class, the edges' agreement with the source, and with the
    source of the seed before, whose noise is independent.
    """
    oracle, found = open_oracle("digits-oracle"), []
    for one, other in pairs:
        said = {"safety": "none"} | parameters | {"source": f"a photo of a {one}."}
        asked = digits_recipe({"name": "prompt-to-prompt", "parameters": said}, **TWELVE)
        maker = PromptToPrompt(asked, device="cpu")
        sources, edits = maker.pairs([Request(other, f"a photo of a {other}.", "", seed) for seed in seeds])
        read = oracle.probabilities(edits).argmax(1) == mnist.CLASS_NAMES.index(other)
        shown, changed = pixels(sources), pixels(edits)
        found.append((read.mean(), agreement(shown, changed), agreement(shown, np.roll(changed, 1, axis=0))))
    return np.mean(found, axis=0)


def test_copied_features_keep_the_structure_of_a_swapped_class():
    kept, free = (swapped(PAIRS[:1], range(4), features=share) for share in (0.4, 0.0))
    assert kept[0] >= 0.75
    assert kept[1] > free[2] + 0.02


@pytest.mark.slow
def test_structure_is_kept_and_the_class_changes():
    """Sharing the noise keeps a little; the maps of digits-sd, 4 x 4, add nothing; Plug-and-Play's features do."""
    free, maps, features = (swapped(PAIRS, range(8), **one) for one in (FREE, {}, {"features": 0.4}))
    independent = free[2]
    assert features[0] >= 0.8
    assert maps[0] >= 0.8
    assert features[1] > independent + 0.05
    assert features[1] > maps[1] > independent


def letters(word):
    """A tokenizer of one token for each letter."""
    return list(word.replace(" ", ""))


def test_a_swapped_word_shares_its_source_s_maps_by_hand():
    mapper, taken = replaced("a cat on", "a lion on", letters, 12)
    assert taken.tolist() == [1] * 12
    assert mapper[0, 0] == mapper[1, 1] == 1
    assert torch.equal(mapper[2:5, 2:6], torch.full((3, 4), 1 / 4))  # three tokens in the place of four
    assert mapper[5, 6] == mapper[6, 7] == 1  # "on" moves by one
    assert mapper[7, 8] == mapper[10, 11] == 1  # and so do the end and the padding
    assert mapper.sum() == 1 + 1 + 3 + 2 + 4


def test_words_are_swapped_one_for_one():
    with pytest.raises(UsageError, match=r"'a b' has 2 and 'a b c' has 3; say edit: refine"):
        replaced("a b", "a b c", letters, 9)


def test_added_words_are_found_by_alignment():
    assert aligned(list("apofc"), list("abpofc")) == [0, None, 1, 2, 3, 4]
    assert aligned(["x"], ["y"]) == [None]
    mapper, taken = refined("a cat", "a big cat", str.split, 8)
    assert taken.tolist() == [1, 1, 0, 1, 1, 1, 1, 1]
    assert [int(column.argmax()) for column in mapper.T] == [0, 1, 0, 2, 3, 4, 5, 6]
    assert mapper[:, 2].sum() == 0


def test_places_of_a_word():
    assert places_of("cat", "a cat on", letters).tolist() == [2, 3, 4]
    with pytest.raises(UsageError, match="'dog' is no word of the prompt 'a cat'"):
        places_of("dog", "a cat", letters)


def test_maps_are_replaced_within_the_window_and_reweighted_always():
    edit = Edit(torch.tensor([[0.0, 1], [1, 0]]), torch.tensor([1.0, 0]), torch.tensor([1.0, 3]))
    source, own = torch.tensor([[[0.2, 0.8]]]), torch.tensor([[[0.6, 0.4]]])
    assert torch.allclose(edit.of(source, own, within=True), torch.tensor([[[0.8, 1.2]]]))
    assert torch.allclose(edit.of(source, own, within=False), torch.tensor([[[0.6, 1.2]]]))


def test_latents_differ_only_where_the_words_look():
    identity = torch.eye(2)
    edit = Edit(identity, torch.ones(2), torch.ones(2), (torch.tensor([1]), torch.tensor([1])))
    maps = torch.full((2, 1, 64, 2), 0.01)
    maps[:, :, 0, 1] = 0.9  # both look at the first of 8 x 8 places
    control = Control([edit], 0.8, 0.4, share=0.5)
    control.cross_attention(maps)
    z = torch.cat([torch.zeros(1, 4, 32, 32), torch.ones(1, 4, 32, 32)])
    blended = control.blended(z)[1, 0]
    assert blended[:8, :8].min() == 1  # the place and its neighbours
    assert blended[8:].max() == blended[:, 8:].max() == 0
    control.share = 0.1
    assert control.blended(z)[1].min() == 1


def test_an_edit_that_changes_nothing_gives_the_source_and_the_source_is_what_is_drawn_without_control():
    maker = PromptToPrompt(recipe(source="a photo of a seven."), device="cpu")
    sources, edits = maker.pairs([request(1), request(2)])
    assert np.abs(pixels(sources) - pixels(edits)).max() <= 1
    other = PromptToPrompt(recipe(), device="cpu")
    free = PromptToPrompt(recipe(cross_replace=0.0, self_replace=0.0), device="cpu")
    assert (pixels(other.pairs([request(1)])[0]) == pixels(free.pairs([request(1)])[0])).all()
    uncontrolled = PromptToPrompt(
        recipe(source="a photo of a seven.", cross_replace=0.0, self_replace=0.0), device="cpu"
    )
    assert np.abs(pixels(free.draw([request(1)])) - pixels(uncontrolled.draw([request(1)]))).max() <= 1


def test_the_other_class_is_decided_by_the_seed_and_is_never_the_same():
    asked = recipe()
    found = {source_prompt("a {other} and a {}", request(seed), asked) for seed in range(60)}
    assert found == {f"a {name} and a seven" for name in mnist.CLASS_NAMES if name != "seven"}
