"""The page "EM elsewhere" against other programs, and the chapter's horse kicks against the whole table."""

import ast
import itertools
import warnings

import nbformat
import numpy as np
import pytest
from conftest import ROOT
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture


def code(chapter):
    """The code cells of a chapter."""
    notebook = nbformat.read(ROOT / "chapters" / f"{chapter}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def page():
    """The two functions as they stand on the page."""
    names = {"np": np, "stats": stats}
    for source in code("elsewhere"):
        if source.startswith("def "):
            exec(source, names)
    return names


@pytest.mark.parametrize("rounds", [1, 2, 25])
@pytest.mark.parametrize("groups", [2, 3])
def test_mixture_walks_where_scikit_learn_walks(page, rounds, groups):
    rng = np.random.default_rng(groups)
    x = np.concatenate([rng.normal(55, 6, 40), rng.normal(80, 5, 90)])
    start = np.full(groups, 1 / groups), np.linspace(50, 75, groups), np.linspace(60, 110, groups)
    guess = start
    for _ in range(rounds):
        guess, value = page["mixture_round"](x, *guess)
    weights, means, variances = start
    other = GaussianMixture(
        groups,
        covariance_type="diag",
        tol=0,
        reg_covar=0,
        max_iter=rounds,
        weights_init=weights,
        means_init=means[:, None],
        precisions_init=1 / variances[:, None],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it was told to stop early
        other.fit(x[:, None])
    w, m, v = guess
    assert w == pytest.approx(other.weights_, rel=1e-9)
    assert m == pytest.approx(other.means_[:, 0], rel=1e-9)
    assert v == pytest.approx(other.covariances_[:, 0], rel=1e-9)
    # The page's log-likelihood is that of the guess before its last round.
    assert value == pytest.approx(x.size * other.lower_bound_, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_markov_round_is_what_all_hidden_paths_say(page, seed):
    rng = np.random.default_rng(seed)
    states, size = 2 + seed % 2, 7
    x = rng.integers(2, size=size)
    first, move = rng.dirichlet(np.ones(states)), rng.dirichlet(np.ones(states), states)
    chance = rng.uniform(0.1, 0.9, states)
    # By going through every path that the states may have taken.
    total, at_first = 0.0, np.zeros(states)
    pairs, visits, hits = np.zeros((states, states)), np.zeros((size, states)), np.zeros(states)
    for path in itertools.product(range(states), repeat=size):
        p = first[path[0]]
        for before, after in itertools.pairwise(path):
            p *= move[before, after]
        for state, hit in zip(path, x, strict=True):
            p *= chance[state] if hit else 1 - chance[state]
        total += p
        at_first[path[0]] += p
        for before, after in itertools.pairwise(path):
            pairs[before, after] += p
        for t, state in enumerate(path):
            visits[t, state] += p
            hits[state] += p * x[t]
    (new_first, new_move, new_chance), value, state = page["markov_round"](x, first, move, chance)
    assert value == pytest.approx(np.log(total), rel=1e-12)
    assert state == pytest.approx(visits / total, rel=1e-10)
    assert new_first == pytest.approx(at_first / total, rel=1e-10)
    assert new_move == pytest.approx(pairs / pairs.sum(axis=1, keepdims=True), rel=1e-10)
    assert new_chance == pytest.approx(hits / visits.sum(axis=0), rel=1e-10)


# Deaths by horse kick, one digit for each year from 1875 to 1894: von Bortkiewicz (1898), as in the data
# set VonBort of R's package vcd. The four corps that Fisher left out are G, I, VI and XI.
KICKS = {
    "G": "02210011030210010101",
    "I": "00020302000111020310",
    "II": "00020200110021100200",
    "III": "00011120200010121000",
    "IV": "01011110000100001100",
    "V": "00002100100101111110",
    "VI": "00102001201131110300",
    "VII": "10100010110020021020",
    "VIII": "10001001000010001101",
    "IX": "00000211102110120100",
    "X": "00110102020000213011",
    "XI": "00002401301111213131",
    "XIV": "11211304010321021100",
    "XV": "01000001011000220000",
}


def lists_in(source):
    """Every list of numbers in a piece of code."""
    lists = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.List) and all(isinstance(part, ast.Constant) for part in node.elts):
            lists.append([part.value for part in node.elts])
    return lists


def test_horse_kicks_of_the_chapter_are_those_of_the_whole_table():
    deaths = {name: [int(digit) for digit in years] for name, years in KICKS.items()}
    assert {len(years) for years in deaths.values()} == {20}
    few = [years for name, years in deaths.items() if name not in ("G", "I", "VI", "XI")]
    (source,) = (cell for cell in code("09_beyond") if '"all fourteen": np.array' in cell)
    found = lists_in(source)
    assert np.bincount(np.ravel(few)).tolist() in found
    assert np.bincount(np.ravel(list(deaths.values()))).tolist() in found
    assert [sum(years) for years in deaths.values()] in found
    # Which totals belong to the four that are left out.
    assert [list(deaths).index(name) for name in ("G", "I", "VI", "XI")] in found
