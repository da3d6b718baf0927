"""**The mixers**: one file for each augmentation applied while training."""

AUGMENTERS = {
    "standard": "bench.augment.standard:Standard",
    "randaugment": "bench.augment.automatic:RandAugment",
    "trivialaugment": "bench.augment.automatic:TrivialAugment",
    "cutmix": "bench.augment.label_mixing:CutMix",
    "mixup": "bench.augment.label_mixing:Mixup",
    "augmix": "bench.augment.augmix:AugMix",
    "pixmix": "bench.augment.pixmix:PixMix",
    "dagan": "bench.augment.learned:Dagan",
    "deepaugment": "bench.augment.learned:DeepAugment",
    "gflow": "bench.augment.gflow:Gflow",
    "gflow-released": "bench.augment.gflow:GflowReleased",
}
"""Name -> a class of `bench/augment/augmenter.py`'s kind; its `Parameters` are what `--augment NAME?…` may say."""

ABOUT = {
    "standard": "flip, shifted crop, rotation, colour jitter",
    "randaugment": "two random operations of one strength (Cubuk et al., 2020)",
    "trivialaugment": "one random operation of random strength (Müller & Hutter, 2021)",
    "cutmix": "a box of one image pasted into another, labels mixed by area (Yun et al., 2019)",
    "mixup": "two images and their labels averaged (Zhang et al., 2018)",
    "augmix": "chains of operations mixed, with a consistency loss over three views (Hendrycks et al., 2020)",
    "pixmix": "repeatedly mixed with fractals, or pictures of your own (Hendrycks et al., 2022)",
    "dagan": "other images of their classes, by a GAN learned from other classes (Antoniou et al., 2017)",
    "deepaugment": "images through networks with distorted weights and features (Hendrycks et al., 2021)",
    "gflow": "part of an image drawn anew by a GFlowNet that is trained on a share of the images",
    "gflow-released": "pixels filled by a masked mixture density, as the published GFlowAug code does",
}

LEARNED = ("dagan", "deepaugment", "gflow", "gflow-released")
"""Those that have to be learned from images before they augment any."""
