"""Tables of accuracies: timm's files as they are, wide CSVs, units, and what is refused in one line."""

import numpy as np
import pytest

from bench.core.errors import DataError, UsageError
from bench.sources.accuracy_tables import read_accuracies, read_types
from bench.sources.published_tables import PUBLISHED, published_tables

HEAD = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation"


@pytest.fixture
def write(tmp_path):
    def file(name: str, *lines: str):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return file


def test_timm_files_are_joined_by_model_and_size_with_thousands_commas(write):
    one = write(
        "results-imagenet.csv",
        HEAD,
        'giant.clip,336,89.566,10.434,98.952,1.048,"1,013.01",1.000,bicubic',
        "small.a1,224,76.100,23.900,92.000,8.000,25.56,0.875,bicubic",
        "small.a1,288,77.500,22.500,93.000,7.000,25.56,0.950,bicubic",
    )
    two = write(
        "results-sketch.csv",
        f"{HEAD},top1_diff,top5_diff,rank_diff",
        "small.a1,288,30.000,70.000,50.000,50.000,25.56,0.950,bicubic,-47.500,-43.000,+1",
    )
    found = read_accuracies([one, two])
    assert found.models == ("giant.clip@336", "small.a1@224", "small.a1@288")
    assert found.pairs("imagenet", "sketch")[0] == ("small.a1@288",)
    assert found.shares("val") == pytest.approx([0.89566, 0.761, 0.775])
    assert (found.unit, found.column("sketch"), found.sizes["val"]) == ("percent", "imagenet-sketch", 50000)


def test_a_wide_table_keeps_its_numbers_and_leaves_text_out(write):
    path = write("mine.csv", "model,venue,a,b", "m,ICLR,0.5,", "n,ICML,0.6,0.25")
    found = read_accuracies([path], unit="fraction")
    assert sorted(found.columns) == ["a", "b"]
    assert np.isnan(found.shares("b")[0])
    assert found.pairs("a", "b")[0] == ("n",)


REFUSED = [
    (("model,a", "m,0.5", "n,0.6"), {}, "does not say its unit"),
    (("model,a", "m,50", "m,60"), {"unit": "percent"}, "the model 'm' stands twice"),
    (("model,a,a", "m,50,60"), {"unit": "percent"}, "the column 'a' stands twice"),
    (("model,a", "m,50,60"), {"unit": "percent"}, "row 2: expected 2 cells, got 3"),
    (("name,a", "m,50"), {"unit": "percent"}, "unknown column 'model'"),
    (("model,a",), {"unit": "percent"}, "expected a header and a row a model"),
    ((HEAD, "m,224,abc,1,1,1,1,1,bicubic"), {}, "top1, row 2: expected an accuracy, got 'abc'"),
    ((HEAD, "m,224,50,1,1,1,1,1,b", "m,224,50,1,1,1,1,1,b"), {}, "the model 'm@224' stands twice"),
]


@pytest.mark.parametrize(("lines", "options", "message"), REFUSED, ids=[message for *_, message in REFUSED])
def test_refusals_are_one_line(write, lines, options, message):
    with pytest.raises((DataError, UsageError)) as error:
        read_accuracies([write("results-x.csv", *lines)], **options)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_percent_for_fractions_and_the_reverse(write):
    path = write("mine.csv", "model,a,b", "m,0.5,50", "n,0.6,60")
    with pytest.raises(DataError, match=r"declared as fractions, got 60; declare --unit percent"):
        read_accuracies([path], unit="fraction").shares("b")
    with pytest.raises(DataError, match=r"declared as percent, the largest is 0\.6; declare --unit fraction"):
        read_accuracies([path], unit="percent").shares("a")
    over = write("over.csv", "model,a", "m,50", "n,600")
    with pytest.raises(DataError, match="accuracies end at 100"):
        read_accuracies([over], unit="percent").shares("a")
    with pytest.raises(UsageError, match="unknown column 'aa': did you mean a"):
        read_accuracies([path], unit="percent").shares("aa")


def test_bytes_that_are_no_table(tmp_path, write):
    binary = tmp_path / "x.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match="not UTF-8 text"):
        read_accuracies([binary])
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_accuracies([tmp_path / "none.csv"])
    with pytest.raises(DataError, match="expected the columns model,type"):
        read_types(write("types.csv", "model,kind", "m,STANDARD"))


def test_a_named_table_offline_says_where_to_put_it(tmp_path):
    with pytest.raises(DataError, match=r"--offline forbids .*robustness_top1s\.csv and put it at"):
        published_tables("imagenet-testbed", tmp_path, offline=True)
    for url in PUBLISHED["imagenet-testbed"]:
        path = tmp_path / "populations" / "imagenet-testbed" / url.rpartition("/")[2]
        path.parent.mkdir(parents=True)
        path.write_text("<html>quota exceeded</html>")
    with pytest.raises(DataError, match="not the file that is pinned"):
        published_tables("imagenet-testbed", tmp_path, offline=True)
