import re
import subprocess
import sys

import pytest

from bench.core.errors import UsageError
from bench.sources.prompt_banks import BANKS, prompt_bank

# The groups of shared/design/methods.md 1.2: a pattern, and how many templates it has.
GROUPS = {
    r"a ((bad|low resolution|cropped|bright|dark|close-up|black and white|pixelated|jpeg corrupted|blurry|good) )?"
    r"photo of (a|the) {}\.": 24,
    r"a photo of (a|the) (hard to see|clean|dirty|cool|large|nice|weird|small) {}\.": 16,
    r"a photo of (many|my|one) {}\.": 3,
    r"a (sculpture|rendering|tattoo|drawing|painting|doodle|sketch|rendition) of (a|the) {}\.": 16,
    r"(graffiti|art) of (a|the) {}\.": 4,
    r"(a|the) (embroidered|plastic|origami|toy|cartoon|plushie) {}\.": 12,
    r"(a|the) {} in a video game\.|itap of (a|the|my) {}\.": 5,
}


def test_the_80_templates_are_those_of_clip():
    templates = prompt_bank("openai-imagenet-80")
    assert len(set(templates)) == 80
    for pattern, count in GROUPS.items():
        assert sum(re.fullmatch(pattern, template) is not None for template in templates) == count, pattern
    assert templates[0] == "a bad photo of a {}."


def test_every_bank_has_a_slot_in_each_template():
    for name in BANKS:
        assert all(template.count("{}") == 1 for template in prompt_bank(name))
    assert prompt_bank("openai-imagenet-single") == ("a photo of a {}",)


def test_an_unknown_bank_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean openai-imagenet-80"):
        prompt_bank("openai-imagenet-81")


def test_reading_a_bank_imports_no_torch():
    code = "import sys; from bench.sources.prompt_banks import prompt_bank; prompt_bank('openai-imagenet-80')\n"
    subprocess.run([sys.executable, "-c", code + "assert 'torch' not in sys.modules"], check=True)
