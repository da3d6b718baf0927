"""**The real world**: one file for each family of real data."""

SOURCES = {
    "mnist-train": "bench.sources.digits:mnist_train",
    "mnist-test": "bench.sources.digits:mnist_test",
    "uci-digits": "bench.sources.digits:uci",
    "printed-digits": "bench.sources.digits:printed",
    "outlined-digits": "bench.sources.digits:outlined",
    "digits-on-paper": "bench.sources.digits:on_paper",
    "qmnist": "bench.sources.torchvision_digits:qmnist",
    "usps": "bench.sources.torchvision_digits:usps",
    "svhn": "bench.sources.torchvision_digits:svhn",
}
"""Name -> `function(data_root) -> ImageSet`; DataError, with what to do, where the data are absent."""

LABELS = {"imagenet-real": "bench.sources.real_labels:real_labels"}
"""Name -> `function(ids, class_ids) -> classes of each image`, for sets whose images are labelled one by one."""

BOXED = {
    "digit-scenes-train": "bench.sources.scenes:train",
    "digit-scenes-type": "bench.sources.scenes:typeset",
    "digit-scenes-test": "bench.sources.scenes:test",
    "digit-scenes-print": "bench.sources.scenes:printed",
    "digit-scenes-clutter": "bench.sources.scenes:cluttered",
    "digit-scenes-contrast": "bench.sources.scenes:faint",
}
"""Name -> `function(data_root) -> BoxedImages`."""

LAYOUTS = {
    "coco": "bench.sources.coco_boxes:coco_boxes",
    "yolo": "bench.sources.yolo_boxes:yolo_boxes",
    "voc": "bench.sources.voc_boxes:voc_boxes",
}
"""Name -> `function(place, layout) -> BoxedImages`: how a folder says where things are."""
