"""ImageNet-G Bench: classifiers under natural shift, and the generated data that trains and tests them."""

__version__ = "0.1.0"
