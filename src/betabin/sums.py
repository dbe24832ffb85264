"""Rules for long sums: few points and weights in the place of a billion terms.

All that the package sums over trials is a smooth function of j: a logarithm, a reciprocal or its square.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

__all__ = ["gauss_sum_rule", "nodes"]

# Up to this length a sum over j is taken term by term; longer ones are shortened.
DENSE = 4096
# A run no longer than its start is summed by this many nodes to full precision; runs of up to
# _SHORT terms are summed term by term.
_N_NODES = 12
_SHORT = 32


def nodes(stops: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Points and weights that sum a function over the runs between ascending `stops`.

    The sum of f over the integers from one stop up to the next (the first run starts at 0) is the sum
    of ``width * f(j)`` over the points of that run. Short runs are taken term by term. A long one is
    cut into stretches no longer than their distance from 0, where the functions of this package
    (log, 1/(a + j), 1/(a + j)² with a > 0) are so smooth that Gauss's rule for sums reaches full
    precision with a dozen points: one row of a billion trials costs a few hundred terms.

    Returns
    -------
    j, width : ndarray
        Points (not always whole) and weights.
    run : ndarray of int
        Which run each point belongs to.
    """
    starts = np.concatenate([[0], stops[:-1]])
    if stops[-1] <= DENSE:
        j = np.arange(stops[-1], dtype=float)
        return j, np.ones_like(j), np.repeat(np.arange(stops.size), stops - starts)
    pieces = []
    run, start, left = np.arange(stops.size), starts, stops - starts
    while run.size:
        length = np.minimum(left, np.maximum(start, _SHORT))
        for h in np.unique(length[length > 0]):
            here = length == h
            offset, width = gauss_sum_rule(int(h))
            j = start[here][:, None] + offset
            pieces.append((j.ravel(), np.tile(width, len(j)), np.repeat(run[here], offset.size)))
        more = left > length
        run, start, left = run[more], (start + length)[more], (left - length)[more]
    j, width, run = map(np.concatenate, zip(*pieces, strict=True))
    order = np.argsort(run, kind="stable")
    return j[order], width[order], run[order]


def gauss_sum_rule(length: int) -> tuple[NDArray, NDArray]:
    """Points and weights of Gauss's rule for sums over 0, 1, …, length - 1.

    Its points are the zeros of a discrete Chebyshev (Gram) polynomial, found from the recurrence
    of those polynomials by the method of Golub and Welsch (Gautschi 2004, sections 1.5 and 3.1).
    """
    if length <= _SHORT:
        return np.arange(length, dtype=float), np.ones(length)
    k = np.arange(1, _N_NODES)
    middle = (length - 1) / 2
    beside = np.sqrt((k / 2) ** 2 * (float(length) ** 2 - k**2) / (4 * k**2 - 1))
    offset, vectors = linalg.eigh_tridiagonal(np.full(_N_NODES, middle), beside)
    return offset, length * vectors[0] ** 2
