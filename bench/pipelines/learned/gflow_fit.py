"""Fitting a GFlowNet for a recipe: its policy from one shelf, its training from another."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bench.core.gflow_settings import GflowSettings
from bench.core.recipe import Size
from bench.pipelines.learned.dagan_fit import pixels_of
from bench.pipelines.learned.trainer import trainer
from bench.synthesis.adaptation import Lesson
from bench.synthesis.gflow.learn import learn_policy, to_tensors
from bench.synthesis.gflow.maker import labels_of


def learn(parameters: GflowSettings, lesson: Lesson, work: Path) -> dict[str, Tensor]:
    """Codebooks and policy, learned from the lesson's images; goes on where it was stopped in `work`."""
    recipe, of = lesson.recipe, labels_of(lesson.recipe)
    small = recipe.model_copy(update={"size": Size(width=parameters.side, height=parameters.side)})
    images = pixels_of(replace(lesson, recipe=small)).div(255)
    labels = torch.tensor([of[name] for name in lesson.names])
    with trainer(work) as fit:
        return to_tensors(learn_policy(parameters, images, labels, classes=len(of), fit=fit))
