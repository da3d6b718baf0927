"""The robustness scatter of a declared population, as the papers draw it: any models, any transform."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtri

from bench.core.population import Population
from bench.core.robustness import DeclaredRobustness
from bench.reports.canvas import NORMAL, SMALL, grid, house_style, new_figure, tick_labels
from bench.reports.label_places import Places
from bench.reports.plain_text import one_line, shorten
from bench.reports.series import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, PURPLE, SKY, VERMILLION

_LOOKS = ((BLUE, "v"), (GREEN, "s"), (PURPLE, "D"), (SKY, "^"), (VERMILLION, "X"), (BLUE, "P"), (GREEN, "p"))
_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
_LEAST = 1e-4
_NAMED = 24  # judged models up to which each one bears its name
