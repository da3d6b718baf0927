"""Language enhancement: sentences of a bank or by a text model, in the prompts that the rows say."""

import re

import pytest
from transformers import AutoTokenizer

from bench.core.errors import DataError, UsageError
from bench.core.recipe import Adaptation
from bench.pipelines.versions.generate import generate
from bench.pipelines.versions.recipes import load_recipe
from bench.pipelines.versions.verify import verify
from bench.sources.prompt_banks import prompt_bank
from bench.store.versions import open_version
from bench.synthesis.adaptation import Lesson, State
from bench.synthesis.parameters import read_adaptation
from bench.synthesis.pinned_weights import SHIPPED, folder_digest, weights_digest
from bench.synthesis.sentences import Sentences, sentences_of
from tests.stub_maker import write_recipe
from tests.synthesis.digits import digits_recipe
from tests.tiny_pipeline import build_tiny_pipeline
from tests.tiny_texts import WORDS, build_text_model

BANK = {"name": "language-enhancement", "safety": "none", "bank": "digits-sentences"}
WRITTEN = {"name": "language-enhancement", "safety": "none"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {"sd": build_tiny_pipeline(root / "sd")} | {
        kind: build_text_model(kind, root / kind) for kind in ("t5", "gpt2")
    }


@pytest.fixture
def write(folders, tmp_path):
    generator = {"name": str(folders["sd"]), "revision": "1", "weights": weights_digest(folders["sd"])}

    def recipe(**changes):
        return write_recipe(tmp_path / "datasets", **{"generator": generator, "splits": {"train": 6}} | changes)

    return recipe


def asked(folder, **changes):
    return {"name": "sentences", "model": str(folder), "weights": folder_digest(folder)} | changes


def written(folder, *, seed=3, name="zero", **changes):
    """What a text model writes of a class."""
    parameters = {key: one for key, one in asked(folder, **changes).items() if key != "name"}
    known = read_adaptation(Adaptation(name="sentences", parameters=parameters))
    recipe = digits_recipe({"name": "language-enhancement", "parameters": {"safety": "none"}})
    tensors = Sentences(known).learn(None, Lesson(recipe, name, [], [], seed))
    return sentences_of(recipe, [State("sentences", name, "x", tensors)], name)


def test_every_word_of_the_bank_is_one_that_the_generator_knows():
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED / "digits-sd" / "tokenizer")
    sentences = prompt_bank("digits-sentences")
    assert len(set(sentences)) == len(sentences) == 24
    words = {word for one in sentences for word in re.findall("[a-z]+", one.replace("{}", "three"))}
    assert not {word for word in words if len(tokenizer.tokenize(word)) != 1}


def test_a_bank_s_sentence_is_in_the_row_and_decided_by_the_slot(write, tmp_path):
    reference = write(method=BANK, prompts={"bank": "own", "templates": ["a photo of a {}."]})
    whole = load_recipe(reference)
    assert whole.method.parameters["sentences"] == prompt_bank("digits-sentences")
    first = generate(reference, data_root=tmp_path, workers=1, quiet=True)
    items = open_version("tiny@1.0.0", tmp_path).manifest.items
    possible = {
        f"a photo of a {one.format(name)}." for one in prompt_bank("digits-sentences") for name in ("zero", "one")
    }
    assert {item.prompt for item in items} <= possible
    assert len({item.prompt for item in items}) > 4
    assert all(item.class_name in item.prompt for item in items)
    assert verify(reference, data_root=tmp_path, regenerate=2, workers=1, quiet=True)
    # A larger version keeps the smaller one's prompts.
    generate(write(method=BANK, prompts={"bank": "own", "templates": ["a photo of a {}."]}, version="1.1.0",
                   splits={"train": 9}), data_root=tmp_path, workers=1, quiet=True)  # fmt: skip
    larger = {item.id: item.prompt for item in open_version("tiny@1.1.0", tmp_path).manifest.items}
    assert {item.id: item.prompt for item in items}.items() <= larger.items()
    assert first.learned == 0


@pytest.mark.parametrize("kind", ["t5", "gpt2"])
def test_a_text_model_s_sentences_are_written_once_a_class_and_named_in_every_row(folders, write, tmp_path, kind):
    reference = write(method=WRITTEN, adaptations=[asked(folders[kind], draws=12, keep=5, longest=6)])
    report = generate(reference, data_root=tmp_path, workers=1, quiet=True)
    assert (report.images, report.learned) == (12, 2)
    items = open_version("tiny@1.0.0", tmp_path).manifest.items
    assert all("+sentences@sha256:" in item.generator_revision for item in items)
    assert len({item.generator_revision for item in items}) == 2
    for class_id in ("0", "1"):
        mine = {re.sub(r"^a (photo of a|sketch of the) |\.$", "", i.prompt) for i in items if i.class_id == class_id}
        assert 1 < len(mine) <= 5
        assert all(set(one.split()) <= set(WORDS) for one in mine)
    assert verify(reference, data_root=tmp_path, regenerate=2, workers=1, quiet=True)
    assert generate(reference, data_root=tmp_path, workers=1, quiet=True).learned == 0


def test_sentences_are_distinct_counted_and_the_same_for_the_same_seed(folders):
    one = written(folders["t5"], draws=40, keep=10, longest=2)
    assert one == written(folders["t5"], draws=40, keep=10, longest=2)
    assert one != written(folders["t5"], draws=40, keep=10, longest=2, seed=4)
    assert len(set(one)) == len(one) <= 10
    every = written(folders["t5"], draws=40, keep=40, longest=2)
    assert set(one) < set(every)
    assert [text for text in every if text in one] == one


def test_a_causal_model_goes_on_from_what_it_reads_and_can_be_held_to_the_name(folders):
    found = written(folders["gpt2"], draws=30, keep=30, longest=3, reads="a photo of {}", named=True)
    assert all(one.startswith("a photo of zero") for one in found)
    with pytest.raises(DataError, match=r"expected a sentence with 'eleven' among 3 drawn, got none; draw more"):
        written(folders["t5"], draws=3, longest=2, name="eleven", named=True)


@pytest.mark.parametrize(
    ("method", "adaptations", "message"),
    [
        (WRITTEN, None, "language-enhancement needs sentences .* got neither"),
        (BANK, ["here"], "got both"),
        ({"name": "text-to-image", "safety": "none"}, ["here"], "serve method language-enhancement alone"),
        (BANK | {"bank": "digits-sentence"}, None, "unknown prompt bank 'digits-sentence'"),
        (WRITTEN | {"sentences": ["no slot"]}, None, "sentence 'no slot' must have exactly one slot"),
    ],
)
def test_sentences_from_nowhere_or_from_two_places_are_one_line(folders, write, method, adaptations, message):
    learned = [asked(folders["t5"])] if adaptations else None
    with pytest.raises(UsageError, match=message) as caught:
        load_recipe(write(method=method, **({"adaptations": learned} if learned else {})))
    assert "\n" not in str(caught.value)


def test_prompts_without_a_slot_have_no_place_for_a_sentence(write):
    nameless = {"bank": "own", "templates": ["a photo"], "nameless": True}
    with pytest.raises(UsageError, match="sentences go into the slot of a prompt; leave it out"):
        load_recipe(write(method=BANK, prompts=nameless))


def test_a_text_model_that_is_absent_damaged_or_another_one_is_one_line(folders, tmp_path):
    cases = [
        ({"model": str(tmp_path / "none")}, "no text model at .*; give a folder that exists"),
        ({"weights": "sha256:" + "0" * 64}, "has digest sha256:.*, the recipe expects sha256:000"),
        ({"model": str(tmp_path), "weights": folder_digest(tmp_path)}, "does not load as a text model"),
    ]
    for changes, message in cases:
        with pytest.raises(DataError, match=message) as caught:
            written(folders["t5"], **changes)
        assert "\n" not in str(caught.value)
