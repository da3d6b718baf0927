"""The noun `ClassSheet`: some pictures of one class, as pages show them."""

from bench.core.record import Record


class ClassSheet(Record):
    """Images of one class for a contact sheet: base64 PNG, with the prompts that made them (or their ids)."""

    class_id: str
    name: str
    images: tuple[str, ...]
    prompts: tuple[str, ...]
