"""Speed beside other software, as ratios measured side by side in one run: ``make bench``.

Ratios, because machines differ and are shared; the best of several runs, because whatever else a machine
does can only slow it down. Nothing here is asserted.
"""

import time
import warnings
from collections.abc import Callable

import numpy as np
from scipy import optimize, stats
from statsmodels.base.model import GenericLikelihoodModel

import betabin as bb
from betabin.em import _fit
from betabin.model import _tabulate


def best_of(function: Callable[[], object], runs: int = 5) -> float:
    """Shortest time in seconds over some runs, the first of which warms up and does not count."""
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def simulated(rows: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.binomial(50, rng.beta(81, 219, rows))


class BetaBinomialModel(GenericLikelihoodModel):
    """The model as one writes it with statsmodels: parameters log alpha, log beta."""

    def nloglikeobs(self, params):
        return -stats.betabinom.logpmf(self.endog, 50, *np.exp(params))


def fitting() -> None:
    x = simulated(500)
    mle = bb.fit_mle(x, 50)

    def by_statsmodels():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = BetaBinomialModel(x, np.ones((x.size, 1)), extra_params_names=["log_beta"])
            return -model.fit(start_params=np.log([1.0, 3.0]), disp=0).llf

    def by_scipy():
        return optimize.minimize(
            lambda logs: -stats.betabinom.logpmf(x, 50, *np.exp(logs)).sum(),
            np.log([1.0, 3.0]),
            method="L-BFGS-B",
        ).fun

    ways = {
        "fit_mle": lambda: -bb.fit_mle(x, 50).log_likelihood,
        "fit_em(accelerate=True)": lambda: -bb.fit_em(x, 50, accelerate=True).log_likelihood,
        "fit_em": lambda: -bb.fit_em(x, 50).log_likelihood,
        "scipy.optimize, L-BFGS-B": by_scipy,
        "statsmodels": by_statsmodels,
    }
    times = {name: best_of(way) for name, way in ways.items()}
    print("Fitting 500 simulated rows, n = 50")
    print(f"{'':26}{'ms':>9}{'times fit_mle':>15}{'log-likelihood lost':>21}")
    for name, way in ways.items():
        ratio, lost = times[name] / times["fit_mle"], way() + mle.log_likelihood
        print(f"{name:26}{1e3 * times[name]:9.2f}{ratio:15.1f}{abs(lost):21.1e}")


def stepping(rounds: int = 400) -> None:
    print("\nOne iteration of fit_em, counting left out, n = 50")
    print(f"{'rows':>12}{'microseconds':>15}{'ratio':>9}")
    sizes = (10**3, 10**5, 10**7)
    tables = [_tabulate(simulated(rows), 50, None) for rows in sizes]
    start = bb.BetaParams(1.0, 5.0)

    def seconds(table):
        times = [best_of(lambda k=k: _fit(table, start, False, 1e-300, k)) for k in (1, rounds + 1)]
        return (times[1] - times[0]) / rounds

    times = [seconds(table) for table in tables]
    for rows, time_taken in zip(sizes, times, strict=True):
        print(f"{rows:12,}{1e6 * time_taken:15.1f}{time_taken / times[0]:9.2f}")


def counting(rows: int = 10**7) -> None:
    x = simulated(rows)
    n = np.full(rows, 50)
    rng = np.random.default_rng(1)
    mixed_n = rng.integers(1, 1000, rows)
    mixed_x = rng.binomial(mixed_n, 0.3)
    ones = np.ones(rows, dtype=np.int64)
    cases = {
        "int64, one n": (x, 50, None),
        "int64": (x, n, None),
        "int64, n up to 1000": (mixed_x, mixed_n, None),
        "int64 with counts": (x, n, ones),
        "int32": (x.astype(np.int32), n.astype(np.int32), None),
        "float64": (x.astype(float), n.astype(float), None),
        "bool, n = 1": (x > 13, 1, None),
    }
    one = best_of(lambda: np.bincount(x))
    print(f"\nChecking and counting {rows:,} rows; one numpy.bincount of them takes {1e3 * one:.0f} ms")
    print(f"{'rows':22}{'ms':>7}{'bincounts':>12}")
    for name, case in cases.items():
        seconds = best_of(lambda case=case: _tabulate(*case))
        print(f"{name:22}{1e3 * seconds:7.0f}{seconds / one:12.1f}")


if __name__ == "__main__":
    fitting()
    stepping()
    counting()
