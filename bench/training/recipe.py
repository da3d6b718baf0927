"""How every classifier of every arm is fitted: one recipe, so that arms differ in their data and in nothing else.

AdamW, because one learning rate serves convolutional networks and transformers alike; the rate rises
linearly over the first fifth of the steps and falls linearly to zero (the shape of methods.md 6.3, for
budgets of hundreds of steps). Images enter as they are, so that what an arm gains comes from its images, unless
an augmentation is asked for, which is then all that is added.
"""

BETAS = (0.9, 0.999)
WARM_UP = 0.2
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.1
SCHEDULE = "AdamW 0.9 0.999, linear warm-up 20 %, linear to 0"
UNAUGMENTED = ", no augmentation"

MEAN = 0.5
STD = 0.5


def rate_at(step: int, *, steps: int, peak: float) -> float:
    """Learning rate of `step`, counted from 0: `peak` is reached after the warm-up, zero after the last step."""
    warm = max(1, round(WARM_UP * steps))
    return peak * (step + 1) / warm if step < warm else peak * (steps - step) / (steps - warm + 1)
