"""Explorers: pictures that step by slider, in a notebook and on a page without a kernel.

They need matplotlib and ipywidgets, which the extra ``book`` brings.
"""

from betabin.explorers.bound import bound_explorer
from betabin.explorers.em import em_stepper
from betabin.explorers.m_step import m_step_explorer
from betabin.explorers.posterior import posterior_explorer
from betabin.explorers.profile import profile_explorer
from betabin.explorers.rate import rate_explorer
from betabin.explorers.shrinkage import shrinkage_explorer

__all__ = [
    "bound_explorer",
    "em_stepper",
    "m_step_explorer",
    "posterior_explorer",
    "profile_explorer",
    "rate_explorer",
    "shrinkage_explorer",
]
