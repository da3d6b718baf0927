from bench.pipelines.catalogue import catalogue
from bench.pipelines.data_board import plan
from bench.pipelines.data_board.registry import METHOD_ROWS
from bench.synthesis import METHODS


def test_a_dataset_that_is_not_made_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))
    entries = {entry.name: entry for entry in catalogue("datasets", data_root=tmp_path)}
    assert not any(entry.ready for entry in entries.values())
    assert entries["digits-g@1.1.0"].why_not.endswith("make it: imagenet-g generate digits-g@1.1.0")
    expected = {
        "imagenet-g@1.0.0": ["the weights of stable-diffusion-v1-5", "the images per class of imagenet-1k-train"],
        "imagenet-g-image@1.0.0": [f"{tmp_path}/imagenet/train: no such folder", "the weights of lambdalabs/"],
        "imagenet-g-finetuned@1.0.0": ["is not pinned yet: no commit of it could be confirmed"],
    }
    for name, reasons in expected.items():
        why = entries[name].why_not
        assert why.startswith("not made here; it needs: ")
        assert all(reason in why for reason in reasons), why
        assert "\n" not in str(why)


def test_every_method_and_every_row_is_listed_with_what_it_needs_and_what_it_lacks(tmp_path, monkeypatch):
    def listed(kind):
        found = [entry for entry in catalogue("methods", data_root=tmp_path) if entry.kind == kind]
        return {entry.name.removeprefix("methods/"): entry for entry in found}

    makers, rows = listed("synthesis method"), listed("data board row")
    assert makers.keys() == METHODS.keys()
    assert makers["da-fusion"].about.endswith("(from images, prompts, textual-inversion)")
    assert rows.keys() == METHOD_ROWS.keys()
    assert all(one.ready for one in rows.values())
    needs = {
        "none": "nothing",
        "label-prompts-80": "text-to-image",
        "erased-da-fusion": "da-fusion, shots, erasure, textual-inversion",
        "gflow-21": "gflow?fraction=0.208&least=1; only when named",
    }
    assert {name: rows[name].about.rpartition(" (from ")[2].rstrip(")") for name in needs} == needs
    monkeypatch.setattr(plan, "why_absent", lambda generator: f"no weights of {generator.name}")
    rows = listed("data board row")
    lacking = {name for name, row in rows.items() if not row.ready}
    assert lacking == {name for name, row in METHOD_ROWS.items() if row.recipe is not None}
    assert rows["class-conditional"].why_not == "no weights of digits-ldm"
