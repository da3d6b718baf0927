"""What the sources share: options that are known, what a model declares, and a torch module as a classifier."""

from collections.abc import Callable, Iterable
from typing import Any

from bench.core.errors import UsageError
from bench.core.model_ref import ModelRef
from bench.core.record import parse
from bench.core.registry import unknown
from bench.core.score import Declaration
from bench.models.classifier import Classifier
from bench.models.preprocessing import Preprocessing
from bench.models.setting import Setting

DECLARED = ("licence", "paper")
"""Options that every source takes. What a model was trained on is declared in a file (`--declaration`)."""


def options_of(ref: ModelRef, known: Iterable[str] = ()) -> dict[str, str]:
    """The options of `ref`; UsageError for one that is neither in `known` nor a declaration."""
    options = dict(ref.options)
    for key in options:
        if key not in (*known, *DECLARED):
            raise UsageError(f"{ref}: {unknown(key, known=(*known, *DECLARED), kind='option')}")
    return options


def declaration(ref: ModelRef, arch: str, **facts: Any) -> Declaration:
    """What is known of the model, and what its options declare where that is not known."""
    said: dict[str, Any] = {key: value for key, value in ref.options if key in DECLARED}
    known = {key: value for key, value in facts.items() if value is not None}
    return parse(Declaration, {"arch": arch, **said, **known}, where=str(ref))


def torch_classifier(
    ref: ModelRef,
    setting: Setting,
    load: Callable[[], Any],
    *,
    about: Declaration,
    weights: str,
    prepare: Preprocessing,
    title: str | None = None,
) -> Classifier:
    """A classifier whose network is the torch module that `load` gives."""

    def network() -> Any:
        from bench.models.torch_network import TorchNetwork

        return TorchNetwork(load(), prepare=prepare, setting=setting, where=str(ref))

    return Classifier(
        model=str(ref),
        title=title or ref.name,
        weights=weights,
        declaration=about,
        prepare=prepare,
        classes=len(setting.classes),
        load=network,
        chunk=setting.chunk(prepare.size),
    )
