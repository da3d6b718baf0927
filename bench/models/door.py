"""The door of the shelf: from a model's name to something that answers."""

from importlib.metadata import PackageNotFoundError, version

from bench.core.model_ref import ModelRef
from bench.core.registry import look_up
from bench.models import MODEL_SOURCES, NEEDS
from bench.models.classifier import Classifier
from bench.models.setting import Setting


def lacks(source: str) -> str | None:
    """What must be installed before a source can be used, or None."""
    extra, packages = NEEDS.get(source, ("", ()))
    missing = [name for name in packages if not _installed(name)]
    return f"missing: {', '.join(missing)}; pip install 'imagenet-g-bench[{extra}]'" if missing else None


def open_model(ref: ModelRef, setting: Setting) -> Classifier:
    """The classifier that `ref` names, for the classes of `setting`; its network is built at the first question.

    UsageError for an unknown source, option or backend and for a model that does not say how its input is
    prepared; DataError for a file that is absent, damaged, or made for other classes.
    """
    source = look_up(MODEL_SOURCES, ref.source, kind="model source")
    if setting.backend not in ("auto", "torch"):
        from bench.models.backends import check_backend

        check_backend(setting.backend)
    return source(ref, setting)


def _installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False
