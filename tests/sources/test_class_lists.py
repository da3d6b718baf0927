import re
import subprocess
import sys

import pytest

from bench.core.classes import shared_names
from bench.core.errors import UsageError
from bench.sources.class_lists import CLASS_LISTS, class_list


def test_imagenet_s_ids_and_names_are_in_the_standard_order():
    classes = class_list("imagenet-1k")
    ids = [item.id for item in classes]
    assert len(set(ids)) == 1000
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"n\d{8}", one) for one in ids)
    # methods.md 1.1 and 14.6: index, id, name.
    known = {657: "missile", 744: "missile", 836: "sunglasses", 837: "sunglasses", 21: "kite (bird of prey)"}
    known |= {134: "crane bird", 517: "construction crane"}
    assert {index: classes[index].name for index in known} == known
    assert (ids[657], ids[744], ids[836], ids[837]) == ("n03773504", "n04008634", "n04355933", "n04356056")


def test_two_names_stand_for_two_classes_each():
    assert shared_names(class_list("imagenet-1k")) == {
        "missile": ("n03773504", "n04008634"),
        "sunglasses": ("n04355933", "n04356056"),
    }


def test_the_hundred_classes_are_the_authors_and_overlap_as_they_say():
    ids = {item.id for item in class_list("imagenet-100")}
    assert len(ids) == 100
    assert ids < {item.id for item in class_list("imagenet-1k")}
    assert not shared_names(class_list("imagenet-100"))
    # methods.md 7.5: among them are these of ImageNet-R and ObjectNet.
    assert {"n01820546", "n07753275", "n02138441", "n03891251", "n04517823", "n02974003"} < ids


def test_an_unknown_list_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean imagenet-100 or imagenet-1k"):
        class_list("imagenet-1000")


def test_reading_a_list_imports_no_torch():
    code = "import sys; from bench.sources.class_lists import class_list\n"
    code += "".join(f"class_list({name!r})\n" for name in CLASS_LISTS)
    subprocess.run([sys.executable, "-c", code + "assert 'torch' not in sys.modules"], check=True)
