"""What a fit found, and the path it took."""

import html
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from betabin.model import BetaParams

__all__ = ["Fit", "Trace"]


class Trace(NamedTuple):
    """The path of a fit, its start included.

    Attributes
    ----------
    alpha, beta, log_likelihood : ndarray, shape (n_iter + 1,)
        The parameters after each iteration, and the log-likelihood there.
    """

    alpha: NDArray
    beta: NDArray
    log_likelihood: NDArray

    @classmethod
    def of(cls, rows: list[tuple[float, float, float]]) -> "Trace":
        """Return the rows as columns that can't be overwritten."""
        columns = np.array(rows).T
        columns.setflags(write=False)
        return cls(*columns)


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """What a fit found; printed, a short table.

    Two fits are equal when all their fields are, the trace to its last digit included; nan equals nan here.
    Equal fits have equal hashes, so that fits can be kept in sets and as keys.

    Attributes
    ----------
    params : BetaParams
        The estimates. Where the likelihood has no maximum inside: (inf, inf) in the binomial limit,
        (0, 0) in the two-point limit, and nan where they are not determined.
    mean, concentration : float
        ``alpha / (alpha + beta)`` and ``alpha + beta``, or their limits.
    log_likelihood : float
        At `params`; the supremum where there is no maximum inside.
    status : str
        What the likelihood of the data looks like, whatever path the fit took: "interior" (it has a
        maximum), "binomial_limit" (it grows as the concentration goes to infinity), "two_point" (it
        grows as the concentration goes to 0: every x is 0 or n), "all_zero", "all_full" (the mean
        goes to 0 or to 1) or "not_identified" (every n is 1: only the mean matters).
    converged : bool
        Whether the tolerance was met; no more than that, and never true without a maximum inside.
    n_iter : int
        Iterations taken.
    message : str
        The same in words, with anything worth knowing.
    trace : Trace
        The path, start included.
    """

    params: BetaParams
    mean: float
    concentration: float
    log_likelihood: float
    status: str
    converged: bool
    n_iter: int
    message: str
    trace: Trace

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fit):
            return NotImplemented
        pairs = ((getattr(self, item.name), getattr(other, item.name)) for item in fields(self))
        return all(_same(mine, theirs) for mine, theirs in pairs)

    def __hash__(self) -> int:
        return hash((self.status, self.converged, self.n_iter, self.message))

    def __repr__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(["Fit", *(f"  {name:<{width}}  {value}" for name, value in rows)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in self._rows()
        )
        return f"<table><caption>Fit</caption><tbody>{rows}</tbody></table>"

    def _rows(self) -> list[tuple[str, str]]:
        numbers = {
            "alpha": self.params.alpha,
            "beta": self.params.beta,
            "mean": self.mean,
            "concentration": self.concentration,
            "log-likelihood": self.log_likelihood,
        }
        said = [("status", self.status), ("message", self.message)]
        return [(name, f"{value:.6g}") for name, value in numbers.items()] + said


def _same(one: object, other: object) -> bool:
    if isinstance(one, str):
        return one == other
    if isinstance(one, tuple):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return np.array_equal(one, other, equal_nan=True)
