"""Expectation-maximization for the beta-binomial model.

The helper package of the book *EM at Bat*. Notation as in the book: `x` successes in `n` trials, `z` the
latent probability, `alpha` and `beta` the parameters of its Beta distribution.
"""

from betabin.data import (
    Batting,
    EfronMorris,
    RatTumors,
    Saxony,
    load_batting,
    load_efron_morris,
    load_rat_tumors,
    load_saxony,
)
from betabin.em import ExpectedStats, e_step, fit_em, lower_bound, m_step
from betabin.fit import Fit, Trace
from betabin.information import (
    StandardErrors,
    complete_information,
    missing_information,
    observed_information,
    rate_matrix,
    score,
    standard_errors,
)
from betabin.intervals import (
    Interval,
    posterior_interval,
    posterior_mean,
    predictive_interval,
    profile_interval,
)
from betabin.mle import OverdispersionTest, fit_mle, overdispersion_test
from betabin.model import (
    BetaParams,
    Simulation,
    log_likelihood,
    log_pmf,
    method_of_moments,
    posterior,
    simulate,
)

__version__ = "0.1.0"

__all__ = [
    "Batting",
    "BetaParams",
    "EfronMorris",
    "ExpectedStats",
    "Fit",
    "Interval",
    "OverdispersionTest",
    "RatTumors",
    "Saxony",
    "Simulation",
    "StandardErrors",
    "Trace",
    "complete_information",
    "e_step",
    "fit_em",
    "fit_mle",
    "load_batting",
    "load_efron_morris",
    "load_rat_tumors",
    "load_saxony",
    "log_likelihood",
    "log_pmf",
    "lower_bound",
    "m_step",
    "method_of_moments",
    "missing_information",
    "observed_information",
    "overdispersion_test",
    "posterior",
    "posterior_interval",
    "posterior_mean",
    "predictive_interval",
    "profile_interval",
    "rate_matrix",
    "score",
    "simulate",
    "standard_errors",
]
