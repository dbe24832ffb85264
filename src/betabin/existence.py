"""What the likelihood of a data set looks like, told by exact signs alone (eq-boundary-slope).

Not every data set has a maximum inside: the table of cases is the book's. Whole numbers decide here, for in
floats an exact zero comes out as noise. Where `n` differs from row to row the signs may not decide; then
`betabin.mle` does.
"""

import math

from scipy import special

from betabin.model import BetaParams, _Table

__all__ = ["WHY", "limit", "status_by_signs"]

WHY = {
    "all_zero": "No maximum inside: there is no success, so the likelihood grows as the mean "
    "goes to 0, whatever the concentration.",
    "all_full": "No maximum inside: there is no failure, so the likelihood grows as the mean "
    "goes to 1, whatever the concentration.",
    "not_identified": "No single maximum: no row has two trials, so the data determine the "
    "mean and say nothing of the concentration.",
    "two_point": "No maximum inside: every x is 0 or n, so the likelihood grows as the "
    "concentration goes to 0, where each probability is 0 or 1.",
    "binomial_limit": "No maximum inside: the data vary no more than a binomial, so the "
    "likelihood grows as the concentration goes to infinity.",
}


def status_by_signs(table: _Table) -> str | None:
    """Return the status of the data, or None where exact signs can't tell it.

    Parameters
    ----------
    table : _Table
        The data, without empty rows.

    Returns
    -------
    str or None
        As in `betabin.Fit.status`; None for unequal `n` whose slope at the binomial is not positive.
    """
    if table.successes == 0:
        return "all_zero"
    if table.failures == 0:
        return "all_full"
    if table.n.value[-1] == 1:
        return "not_identified"
    if sum(_extremes(table)) == table.size:
        return "two_point"
    if table.excess_spread > 0:
        return "interior"
    return "binomial_limit" if table.n.value.size == 1 else None


def limit(table: _Table, status: str) -> tuple[BetaParams, float, float, float]:
    """Return parameters, mean, concentration and log-likelihood where there is no maximum inside."""
    mean, rest = table.successes / table.trials, table.failures / table.trials
    if status == "binomial_limit":
        return BetaParams(math.inf, math.inf), mean, math.inf, table.log_likelihood(mean, rest, 0.0)
    if status == "two_point":
        full, zero = _extremes(table)
        value = sum(special.xlogy(k, k / table.size) for k in (full, zero))
        return BetaParams(0.0, 0.0), full / table.size, 0.0, float(value)
    # With one trial a row the concentration doesn't matter: the binomial's value is everybody's.
    value = table.log_likelihood(mean, rest, 0.0) if status == "not_identified" else 0.0
    return BetaParams(math.nan, math.nan), mean, math.nan, value


def _extremes(table: _Table) -> tuple[int, int]:
    """Return in how many rows x is n, and in how many it is 0."""
    return tuple(int(values.count[0]) if values.value[0] == 0 else 0 for values in (table.y, table.x))
