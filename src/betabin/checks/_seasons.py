"""The players whom the exercises mean: regulars of a season."""

from functools import cache

from numpy.typing import NDArray

from betabin.data import load_batting


@cache
def regulars(season: int) -> tuple[NDArray, NDArray]:
    """Return hits and at-bats of those who are not pitchers and came to bat a hundred times."""
    table = load_batting(season)
    keep = (table.position != "P") & (table.n >= 100)
    return table.x[keep], table.n[keep]
