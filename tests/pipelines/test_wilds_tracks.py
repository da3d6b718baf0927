"""The tracks of WILDS: read through the package, truthful about what is not here, damaged copies named by line."""

import http.server
import sys
import tarfile
import threading
from functools import partial

import numpy as np
import pytest

from bench.core.errors import DataError, UsageError
from bench.pipelines.catalogue import _wilds_tracks
from bench.pipelines.track_files import load_track
from bench.pipelines.wilds import doctor as wilds_doctor
from bench.pipelines.wilds.tracks import load_wilds, wilds_names, wilds_root
from bench.sources.wilds_dataset import open_wilds
from bench.sources.wilds_package import wilds_package
from tests import wilds_folders

pytestmark = wilds_folders.NEEDED

NAMES = ["globalwheat", "iwildcam", "poverty"]


def test_the_shipped_tracks_read_and_quote_the_published_figures():
    assert wilds_names() == NAMES
    rows = {name: {row.method: row.results["test"] for row in load_wilds(name).published} for name in NAMES}
    assert rows["iwildcam"]["ERM"]["F1-macro_all"].mean == 0.310
    assert rows["poverty"]["Group DRO"]["r_wg"].std == 0.06
    assert rows["globalwheat"]["ERM"]["detection_acc_avg_dom"].n == 3
    assert set(rows["iwildcam"]) >= {"ERM", "CORAL", "IRM", "Group DRO", "GFlowAug"}


@pytest.mark.parametrize(
    ("name", "version"),
    [("iwildcam", "1.0"), ("iwildcam", "2.0"), ("poverty", "1.0"), ("poverty", "1.1"), ("globalwheat", "1.0")],
)
def test_every_version_is_read_from_its_own_layout(tmp_path, name, version):
    data = open_wilds(load_wilds(name), wilds_folders.MAKERS[name](tmp_path, version=version))
    assert data.version == version
    assert set(data.parts) == set(load_wilds(name).splits)
    assert len({data.parts[split].digest for split in data.parts}) == len(data.parts)


def test_the_newest_version_is_taken(tmp_path):
    for version in ("1.0", "1.1"):
        wilds_folders.globalwheat(tmp_path, version=version)
    assert open_wilds(load_wilds("globalwheat"), tmp_path).version == "1.1"


def test_folds_of_povertymap_have_the_countries_of_the_facts_sheet(tmp_path):
    track = load_wilds("poverty")
    wilds_folders.poverty(tmp_path, version="1.0")
    tests_of = {}
    for fold in track.replicates:
        data = open_wilds(track, tmp_path, fold=fold)
        countries = data.package.metadata_array[:, data.package.metadata_fields.index("country")].numpy()
        tests_of[fold] = {data.package.metadata_map["country"][int(one)] for one in countries[data.parts["test"].rows]}
        assert (len(data.parts["id_val"]), len(data.parts["id_test"])) == (1000, 1000)
    assert tests_of["A"] == {"angola", "cote_d_ivoire", "ethiopia", "mali", "rwanda"}
    assert tests_of["E"] == {"kenya", "lesotho", "senegal", "zambia"}
    assert set.union(*tests_of.values()) == set(data.package.metadata_map["country"])


def test_reading_asks_no_server_and_prints_nothing(tmp_path, capsys):
    wilds_folders.globalwheat(tmp_path, version="1.0")
    open_wilds(load_wilds("globalwheat"), tmp_path)
    assert capsys.readouterr() == ("", "")
    assert "outdated" not in sys.modules


def edited(folder, name, line, text):
    """A copy's table with one line replaced, counted from 1."""
    path = folder / name
    lines = path.read_text().splitlines()
    lines[line - 1] = text
    path.write_text("\n".join(lines) + "\n")


DAMAGED = [
    ("poverty", "dhs_metadata.csv", 3, "1,1,2,nan,benin,2010,True,1,1,20", "line 3: wealthpooled is 'nan'"),
    ("poverty", "dhs_metadata.csv", 3, "1,1,2,,benin,2010,True,1,1,20", "line 3: wealthpooled is ''"),
    ("poverty", "dhs_metadata.csv", 3, "1,1,2,0.5,benin,2010,maybe,1,1,20", "line 3: urban is 'maybe'"),
    ("poverty", "dhs_metadata.csv", 3, "1,1,2,0.5,atlantis,2010,True,1,1,20", "cannot read it: 'atlantis'"),
    ("poverty", "dhs_metadata.csv", 1, "lat,lon", "line 1: no column 'country', found lat, lon"),
    ("poverty", "dhs_metadata.csv", 3, "1,1,2,0.5", "line 3: the row ends before 'country'"),
    ("iwildcam", "metadata.csv", 3, "1,trian,0,100,1,2013-06-05 05:44:01.000,0,0,a.jpg", "line 3: split 'trian'"),
    ("iwildcam", "metadata.csv", 3, "1,train,0,100,1,2013-06-05 05:44:01.000,dog,0,a.jpg", "line 3: y is 'dog'"),
    ("iwildcam", "metadata.csv", 3, "1,train,0,100,1,yesterday,0,0,a.jpg", "cannot read it: time data 'yesterday'"),
    ("globalwheat", "official_test.csv", 3, "a.png,1 2 3,0", "line 3: boxes '1 2 3'"),
    ("globalwheat", "official_test.csv", 3, "a.png,__import__('os'),0", "line 3: boxes \"__import__('os')\""),
    ("globalwheat", "official_test.csv", 3, "a.png,1 2 3 4;,0", "line 3: boxes '1 2 3 4;'"),
    ("globalwheat", "official_test.csv", 3, "a.png,no_box,47", "line 3: domain '47', expected 0 to 46"),
    ("globalwheat", "metadata_domain.csv", 1, "nom;country;location", "line 1: no column 'name'"),
]


@pytest.mark.parametrize(("name", "file", "line", "text", "words"), DAMAGED)
def test_a_damaged_table_is_named_by_file_and_line(tmp_path, name, file, line, text, words):
    options = {"version": "1.0", "places": 2} if name == "poverty" else {}
    wilds_folders.MAKERS[name](tmp_path, **options)
    [folder] = tmp_path.iterdir()
    edited(folder, file, line, text)
    with pytest.raises(DataError) as caught:
        open_wilds(load_wilds(name), tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_doctor_says_which_images_are_missing_or_damaged(tmp_path):
    wilds_folders.iwildcam(tmp_path)
    found = wilds_doctor.examine(load_wilds("iwildcam"), data_root=tmp_path, root=tmp_path)
    # Miniature copies have fewer images than the dataset, and nothing else is wrong with them.
    assert [one.findings[0].what for one in found] == [
        f"40 images, expected {load_wilds('iwildcam').splits[split].images:,}"
        for split in load_wilds("iwildcam").splits
    ]
    photos = tmp_path / "iwildcam_v2.0" / "train"
    (photos / "test-0003.jpg").unlink()
    photo = photos / "id_val-0000.jpg"
    photo.write_bytes(photo.read_bytes()[:100])
    found = {one.name: one for one in wilds_doctor.examine(load_wilds("iwildcam"), data_root=tmp_path, root=tmp_path)}
    assert found["iwildcam/test"].findings[0].what == "1 of 40 images are missing, such as test-0003.jpg"
    assert "are damaged, such as id_val-0000.jpg" in found["iwildcam/id_val"].findings[0].what


def test_doctor_names_true_boxes_that_cannot_be_right(tmp_path):
    wilds_folders.globalwheat(tmp_path)
    edited(tmp_path / "globalwheat_v1.1", "official_val.csv", 2, "official_val-0.png,5 5 5 9;0 0 9 9,3")
    found = {
        one.name: one for one in wilds_doctor.examine(load_wilds("globalwheat"), data_root=tmp_path, root=tmp_path)
    }
    assert "official_val-0.png: the box 5 5 5 9 is empty" in found["globalwheat/val"].findings[0].what
    assert found["globalwheat/test"].ready


def test_an_absent_or_half_copy_says_what_to_put_where(tmp_path):
    words = r"no copy of iWildCam .*archive.tar.gz \(12.0 GB\) as iwildcam_v2.0/, .*--root.*wilds-download"
    with pytest.raises(DataError, match=words):
        open_wilds(load_wilds("iwildcam"), tmp_path)
    (tmp_path / "iwildcam_v2.0").mkdir()
    with pytest.raises(DataError, match=r"iwildcam_v2.0: not a whole copy, RELEASE_v2.0.txt is missing"):
        open_wilds(load_wilds("iwildcam"), tmp_path)
    [one] = wilds_doctor.examine(load_wilds("iwildcam"), data_root=tmp_path, root=tmp_path)
    assert not one.ready


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    wilds_folders.globalwheat(tmp_path)
    monkeypatch.delitem(sys.modules, "wilds")
    monkeypatch.setattr("bench.sources.wilds_package.find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"the wilds package is not installed: pip install .*\[wilds\]"):
        open_wilds(load_wilds("globalwheat"), tmp_path)


def test_list_tracks_says_what_is_ready(tmp_path):
    wilds_folders.globalwheat(tmp_path / "wilds")
    found = {one.name: one for one in _wilds_tracks(tmp_path)}
    assert list(found) == NAMES
    assert found["globalwheat"].ready
    assert not found["poverty"].ready
    assert "archive.tar.gz (13.1 GB)" in found["poverty"].why_not
    assert wilds_root(tmp_path) == tmp_path / "wilds"


def test_other_verbs_say_who_knows_a_wilds_track():
    with pytest.raises(UsageError, match="iwildcam is a track of WILDS"):
        load_track("iwildcam")


@pytest.fixture
def host(tmp_path):
    """A server of `tmp_path / served`, and its address."""
    (tmp_path / "served").mkdir()
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=tmp_path / "served"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/archive.tar.gz"
    server.shutdown()
    server.server_close()


@pytest.fixture
def small_wheat(monkeypatch, host):
    """GlobalWheat as if its archive were small and on `host`."""
    wilds_package()
    from wilds.datasets.globalwheat_dataset import GlobalWheatDataset

    monkeypatch.setitem(GlobalWheatDataset._versions_dict, "1.1", {"download_url": host, "compressed_size": 10_000})
    track = load_wilds("globalwheat")
    small = track.model_copy(update={"releases": (track.releases[0].model_copy(update={"bytes": 10_000}),)})
    monkeypatch.setattr(wilds_doctor, "load_wilds", lambda name: small)
    return small


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_download_arrives_where_the_track_looks(tmp_path, small_wheat):
    wilds_folders.globalwheat(tmp_path / "made")
    with tarfile.open(tmp_path / "served" / "archive.tar.gz", "w:gz") as archive:
        for path in sorted((tmp_path / "made" / "globalwheat_v1.1").iterdir()):
            archive.add(path, path.name)
    folder = wilds_doctor.download("globalwheat", data_root=tmp_path)
    assert folder == tmp_path / "wilds" / "globalwheat_v1.1"
    assert len(open_wilds(small_wheat, tmp_path / "wilds").parts["test"]) == 8
    assert wilds_doctor.download("globalwheat", data_root=tmp_path) == folder


def test_a_host_that_is_down_is_said_with_what_to_do(tmp_path, small_wheat):
    words = r"GlobalWheat did not arrive \(HTTP Error 404.*its host is often down. Get archive.tar.gz .* unpack it as"
    with pytest.raises(DataError, match=words) as caught:
        wilds_doctor.download("globalwheat", data_root=tmp_path)
    assert "\n" not in str(caught.value)


def test_a_disk_without_room_is_said_before_anything_is_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 15e9})())
    with pytest.raises(DataError, match="PovertyMap needs 26 GB to unpack, 15 GB are free"):
        wilds_doctor.download("poverty", data_root=tmp_path)
    assert not list((tmp_path / "wilds").iterdir())


def test_digests_follow_labels_and_groups(tmp_path):
    first = open_wilds(load_wilds("iwildcam"), wilds_folders.iwildcam(tmp_path / "a")).parts["test"]
    same = open_wilds(load_wilds("iwildcam"), wilds_folders.iwildcam(tmp_path / "b")).parts["test"]
    other = open_wilds(load_wilds("iwildcam"), wilds_folders.iwildcam(tmp_path / "c", seed=1)).parts["test"]
    assert first.digest == same.digest != other.digest
    assert not np.array_equal(first.truth, other.truth)
