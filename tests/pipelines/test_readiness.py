from bench.pipelines.catalogue import catalogue


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
