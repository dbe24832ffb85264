"""EM by half-steps: the posteriors answer the prior, and the prior answers the posteriors."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from betabin.em import ExpectedStats, e_step, fit_em
from betabin.explorers import frames
from betabin.explorers.rows import given_or, pair, season_2018
from betabin.fit import Trace
from betabin.mle import fit_mle
from betabin.model import BetaParams, posterior
from betabin.plots import density, log_likelihood_contours, path

__all__ = ["em_stepper"]

_SEASON_STARTS = ((1.0, 1.0), (1000.0, 1000.0), (4000.0, 12_000.0))
_LEAPS = 4  # steps of many rounds, after those by halves
_FAR = 3000  # rounds after which a walk that has not arrived is left
_SHOWN = (0.02, 0.25, 0.5, 0.75, 0.98)  # players at these quantiles of the raw averages


def em_stepper(
    x: ArrayLike | None = None,
    n: ArrayLike | None = None,
    *,
    starts: Sequence[BetaParams] | None = None,
    rounds: int = 10,
) -> frames.Explorer:
    """Step EM by half-steps, E, M, E, M, from a choice of starts (eq-em).

    Parameters
    ----------
    x, n : array_like of int, optional
        Successes and trials, ten million a row at most. By default the season of 2018, no pitchers, a
        hundred at-bats or more; and, to choose as well, a single player with 13 hits in 50 at-bats.
    starts : sequence of BetaParams, optional
        Where to start from, one to six pairs; by default (1, 1) and, on the season, two far off.
    rounds : int
        How many rounds, 1 to 30; each is two half-steps.

    Returns
    -------
    Explorer
        To be displayed.

    Raises
    ------
    TypeError, ValueError
        Input that is not as described: the message names the argument, the element and the rule.
    """
    own = x is not None
    x, n = given_or(season_2018, x, n)
    if starts is None:
        starts = _SEASON_STARTS[:1] if own else _SEASON_STARTS
    if isinstance(starts, str) or not isinstance(starts, Sequence | np.ndarray):
        raise TypeError(f"starts must be a sequence of pairs, not {starts!r}")
    starts = [pair(f"starts[{i}]", start) for i, start in enumerate(starts)]
    if not 1 <= len(starts) <= 6:
        raise ValueError(f"starts must hold one to six pairs, not {len(starts)}")
    rounds = frames.whole("rounds", rounds, 1, 30)
    boards = [_Board("your data" if own else "season 2018", x, n, starts, rounds)]
    if not own:
        one = np.array([13]), np.array([50])
        boards.append(_Board("one player, 13 of 50", *one, [BetaParams(1.0, 1.0)], rounds))
    first = boards[0].runs[0]

    def build():
        runs = [(board, run) for board in boards for run in board.runs]
        slider, row = frames.stepper("step", 2 * rounds + _LEAPS)
        start = frames.choice("start", [run.name for _, run in runs], dropdown=True)
        shown = [board.show(run, slider) for board, run in runs]
        return [
            start,
            row,
            frames.stack([picture for picture, _ in shown], start),
            frames.told(frames.stack([said for _, said in shown], start)),
        ]

    return frames.Explorer(
        f"em_stepper: {rounds} rounds on {x.size} rows, from {len(starts)} starts",
        [board.canvas for board in boards],
        frames.together(boards[0].posteriors(first, 1), boards[0].prior(first, 1)),
        sum((2 * (rounds + _LEAPS) + 2) * len(board.runs) for board in boards),
        build,
    )


class _Run(NamedTuple):
    """EM from one start."""

    name: str
    after: list[int]  # rounds: none, each of the first, and where the leaps end
    priors: list[BetaParams]  # after them
    height: NDArray  # the log-likelihood there
    asked: list[BetaParams]  # the priors of the last E-steps
    handed_on: list[ExpectedStats]  # by them to their M-steps


class _Board:
    """One set of data, and EM's runs on it."""

    def __init__(self, name: str, x: NDArray, n: NDArray, starts: Sequence[BetaParams], rounds: int):
        self.x, self.n, self.rounds = x, n, rounds
        self.runs = [self._run(f"{name}, from ({a:g}, {b:g})", BetaParams(a, b)) for a, b in starts]
        self.top = fit_mle(x, n)
        self.raw = x / n
        order = np.argsort(self.raw, kind="stable")
        self.players = sorted({int(order[round(share * (x.size - 1))]) for share in _SHOWN})
        self.canvas = frames.Canvas(self._set_up, height=6.2, panels=(1, 1), left=0.15)
        self.base = self.canvas.base(
            "Two pictures. Above, densities over the true average"
            + (", with a histogram of the raw averages. " if x.size > 20 else ". ")
            + "Below, contour lines of the log-likelihood over mean and concentration."
        )

    def _run(self, name: str, start: BetaParams) -> _Run:
        trace = fit_em(self.x, self.n, init=start, max_iter=_FAR).trace
        last = trace.alpha.size - 1
        leaps = np.geomspace(self.rounds, max(last, self.rounds), _LEAPS + 1)[1:].round()
        after = np.concatenate([np.arange(self.rounds + 1), leaps]).astype(int)
        walked = [BetaParams(*pair) for pair in zip(trace.alpha, trace.beta, strict=True)]
        # A walk that has ended stands still.
        priors = [walked[min(t, last)] for t in after]
        asked = [walked[min(t - 1, last)] for t in after[1:]]
        handed_on = [e_step(prior, self.x, self.n) for prior in asked]
        height = trace.log_likelihood[np.minimum(after, last)]
        return _Run(name, after.tolist(), priors, height, asked, handed_on)

    def _stops(self, k: int) -> tuple[int, int]:
        """Return which E-step and which M-step are the last that step k shows."""
        leaps = max(k - 2 * self.rounds, 0)
        return (k - leaps + 1) // 2 + leaps, (k - leaps) // 2 + leaps

    def _set_up(self, axes) -> None:
        above, below = axes
        ends = [run.priors[self.rounds] for run in self.runs]
        best = self.top.params if self.top.status == "interior" else ends[0]
        q = posterior(best, self.x, self.n)
        # Everything that is not flat is in sight from side to side; spikes leave at the top.
        seen = [best, *ends, *(p for run in self.runs for p in run.priors[:1] if p.concentration > 20)]
        sides = [p.mean + side * 3.5 * stats.beta.std(*p) for p in seen for side in (-1, 1)]
        low, high = min(*sides, *self.raw), max(*sides, *self.raw)
        # One player's curve is as wide as the picture: the legend stands over it.
        height = (1.1 if self.x.size > 1 else 1.8) * max(
            _peak(BetaParams(q.alpha[i], q.beta[i])) for i in self.players
        )
        above.set(xlim=(max(low - 0.02, 0), min(high + 0.02, 1)), ylim=(0, height))
        above.set(xlabel="true average z", ylabel="density")
        if self.x.size > 20:
            above.hist(
                self.raw,
                bins=30,
                density=True,
                histtype="stepfilled",
                color="#DCDCDC",
                edgecolor="#767676",
                label="raw averages",
            )
        for label, look in _LOOKS.items() if self.x.size > 1 else _ALONE:
            above.plot([], [], label=label, **look)
        above.legend(loc="upper right", frameon=True, framealpha=0.85, edgecolor="none")

        priors = [prior for run in self.runs for prior in run.priors]
        priors += [self.top.params] if self.top.status == "interior" else []
        means, totals = [p.mean for p in priors], [p.concentration for p in priors]
        margin = max(0.08 * np.ptp(means), 0.03)
        worst = self.top.log_likelihood - min(run.height[0] for run in self.runs)
        log_likelihood_contours(
            below,
            self.x,
            self.n,
            mean=(max(min(means) - margin, 1e-3), min(max(means) + margin, 1 - 1e-3)),
            concentration=(min(totals) / 2, max(totals) * 2),
            below=np.geomspace(worst / 1e4, worst, 14),
        )
        if self.top.status == "interior":
            below.plot(self.top.mean, self.top.concentration, "k*", markersize=14, label="maximum")
            below.legend(loc="upper right", frameon=True, framealpha=0.85, edgecolor="none")

    def prior(self, run: _Run, t: int) -> frames.Draw:
        def draw(axes):
            density(axes[0], run.priors[t], **_LOOKS["prior"])
            path(
                axes[1],
                Trace(*np.array(run.priors[: t + 1]).T, run.height[: t + 1]),
                color="C1",
                marker="o",
            )
            here = run.priors[t]
            axes[1].plot(here.mean, here.concentration, "o", color="C1", markersize=10)

        return draw

    def posteriors(self, run: _Run, t: int) -> frames.Draw:
        """Draw the posteriors of the t-th E-step."""

        def draw(axes):
            q = posterior(run.asked[t - 1], self.x, self.n)
            z = np.linspace(*np.clip(axes[0].get_xlim(), 1e-9, 1 - 1e-9), 160)
            axes[0].plot(
                z, stats.beta.pdf(z, q.alpha[:, None], q.beta[:, None]).mean(axis=0), **_LOOKS[_AVERAGE]
            )
            for i in self.players if self.x.size > 1 else ():
                axes[0].plot(z, stats.beta.pdf(z, q.alpha[i], q.beta[i]), **_LOOKS[_SOME])

        return draw

    def show(self, run: _Run, slider) -> tuple:
        """Return the picture and the words of a run, both chosen by the slider."""
        nothing = self.canvas.layer(lambda axes: None, "No posteriors yet.")
        after_e = [nothing] + [
            self.canvas.layer(
                self.posteriors(run, t),
                f"Posteriors of round {t}: their average, and those of {len(self.players)} players.",
            )
            for t in range(1, self.rounds + _LEAPS + 1)
        ]
        after_m = [
            self.canvas.layer(
                self.prior(run, t),
                f"The prior after {t} rounds; the path to mean {p.mean:.4f}, concentration "
                f"{frames.number(p.concentration)}.",
            )
            for t, p in enumerate(run.priors)
        ]
        # An E-step changes the posteriors alone, an M-step the prior alone.
        stops = [self._stops(k) for k in range(2 * self.rounds + _LEAPS + 1)]
        picture = frames.layered(
            [
                self.base,
                frames.stack([after_e[e] for e, _ in stops], slider),
                frames.stack([after_m[m] for _, m in stops], slider),
            ]
        )
        return picture, frames.stack([self._tell(run, k) for k in range(len(stops))], slider)

    def _tell(self, run: _Run, k: int):
        t, m = self._stops(k)
        here = run.priors[m]
        prior = (
            f"<b>α = {here.alpha:.3f}, β = {here.beta:.3f}</b>: mean {here.mean:.4f}, "
            f"concentration {here.concentration:.2f}. Log-likelihood <b>{run.height[m]:.3f}</b>"
        )
        if k == 0:
            return frames.words([f"<b>Start.</b> {prior}.", "Next, the E-step: every player's posterior."])
        log_z, log_one_minus_z = run.handed_on[t - 1]
        handed_on = f"E[log Z] = {log_z:.4f} and E[log(1 − Z)] = {log_one_minus_z:.4f}"
        if t > m:
            return frames.words(
                [
                    f"<b>Round {t}, E-step.</b> The posteriors under this prior average {handed_on}.",
                    f"The prior stays: {prior}, unchanged.",
                ]
            )
        change = run.height[t] - run.height[t - 1]
        if t > self.rounds:
            here = f"{run.after[t]} round{'s' if run.after[t] > 1 else ''}"
            if self.top.status != "interior":
                end = "There is no maximum: EM walks for ever."
            elif self.top.log_likelihood - run.height[t] < 5e-4:
                end = "<b>EM has arrived</b>: the prior is at the maximum."
            else:
                end = "These last steps leap over many rounds each."
            return frames.words([f"<b>After {here}.</b> {end}", f"{prior}, up by {change:.3f}."])
        return frames.words(
            [
                f"<b>Round {t}, M-step.</b> The prior moves until its own averages are {handed_on}.",
                f"{prior}, up by {change:.3f}.",
            ]
        )


_AVERAGE, _SOME = "average of all posteriors", "some players' posteriors"
_LOOKS = {
    _AVERAGE: {"color": "C0", "linewidth": 2.4},
    _SOME: {"color": "C0", "linewidth": 0.8},
    "prior": {"color": "C1", "linewidth": 2.4, "linestyle": "--"},
}
_ALONE = {"posterior": _LOOKS[_AVERAGE], "prior": _LOOKS["prior"]}.items()


def _peak(params: BetaParams) -> float:
    """Height of a density at its mean."""
    return float(stats.beta.pdf(params.mean, *params))
