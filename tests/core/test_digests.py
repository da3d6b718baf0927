"""Identities: canonical, order-free, and seeds that depend on what is made."""

import hashlib
import subprocess
import sys

import pytest

from bench.core.digests import canonical_json, content_digest, derive_seed, digest_json


def test_canonical_json_ignores_key_order_and_refuses_nan():
    assert canonical_json({"b": 1, "a": [True, None]}) == '{"a":[true,null],"b":1}'
    assert digest_json({"b": 1, "a": 2}) == digest_json({"a": 2, "b": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def test_content_digest_ignores_order_and_sees_every_change():
    pairs = [("train/0/000000", "aa"), ("train/1/000000", "bb")]
    assert content_digest(pairs) == content_digest(reversed(pairs))
    assert content_digest(pairs) != content_digest([("train/0/000000", "ab"), pairs[1]])
    assert content_digest(pairs) != content_digest([("train/2/000000", "aa"), pairs[1]])
    by_hand = hashlib.sha256(b"train/0/000000\0aa\ntrain/1/000000\0bb\n").hexdigest()
    assert content_digest(pairs) == f"sha256:{by_hand}"


def test_seed_is_a_function_of_identity_alone():
    seed = derive_seed("identity-1", 0, "digits-g", "train", "3", 17, 0, "noise")
    assert 0 <= seed < 2**32
    code = (
        "from bench.core.digests import derive_seed as d; print(d('identity-1',0,'digits-g','train','3',17,0,'noise'))"
    )
    assert int(subprocess.check_output([sys.executable, "-c", code])) == seed
    assert seed != derive_seed("identity-1", 0, "digits-g", "train", "3", 17, 0, "template")
    assert derive_seed("a", "b") != derive_seed("ab")
    assert derive_seed(1) != derive_seed("1")
