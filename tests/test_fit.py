"""What a fit says of itself: equality, hash, and how it is shown."""

import math

import numpy as np
import pytest

import betabin

ROWS = ([5, 9, 3, 10, 1], 12)
LIMITS = {
    "interior": ROWS,
    "binomial_limit": ([5, 5, 6], 10),
    "two_point": ([0, 7], 7),
    "all_zero": ([0, 0], 7),
    "all_full": ([7, 7], 7),
    "not_identified": ([0, 1], 1),
}


@pytest.mark.parametrize("status", LIMITS)
def test_equal_fits_are_equal_and_have_one_hash(status):
    one, two = (betabin.fit_em(*LIMITS[status], max_iter=40) for _ in range(2))
    assert one.status == status
    assert (one == two) is True
    assert hash(one) == hash(two)
    assert len({one, two}) == 1
    assert (one != betabin.fit_em(*LIMITS[status], max_iter=39, init=(2, 3))) is True
    assert one != "a fit"


def test_fits_that_differ_in_one_number_of_the_trace_differ():
    fit = betabin.fit_em(*ROWS, max_iter=4)
    moved = fit.trace.alpha.copy()
    moved[2] = np.nextafter(moved[2], 9)
    other = betabin.Fit(
        **{name: getattr(fit, name) for name in fit.__dataclass_fields__ if name != "trace"},
        trace=fit.trace._replace(alpha=moved),
    )
    assert fit != other


@pytest.mark.parametrize("status", LIMITS)
def test_a_fit_is_shown_as_a_short_table(status):
    fit = betabin.fit_mle(*LIMITS[status])
    lines = str(fit).splitlines()
    assert lines == repr(fit).splitlines()
    assert lines[0] == "Fit"
    shown = dict(line.split(None, 1) for line in lines[1:])
    assert list(shown) == ["alpha", "beta", "mean", "concentration", "log-likelihood", "status", "message"]
    for name, value in {
        "alpha": fit.params.alpha,
        "beta": fit.params.beta,
        "mean": fit.mean,
        "concentration": fit.concentration,
        "log-likelihood": fit.log_likelihood,
    }.items():
        assert float(shown[name]) == pytest.approx(value, rel=1e-5, nan_ok=True)
    assert (shown["status"], shown["message"]) == (status, fit.message)
    table = fit._repr_html_()
    assert table.startswith("<table>")
    assert table.count("<tr>") == 7
    assert f"<td>{status}</td>" in table


def test_a_message_is_text_in_the_table():
    fit = betabin.fit_mle(*ROWS)
    fields = {name: getattr(fit, name) for name in fit.__dataclass_fields__} | {"message": "<b> & co"}
    assert "<td>&lt;b&gt; &amp; co</td>" in betabin.Fit(**fields)._repr_html_()
    assert math.isfinite(fit.mean)
