"""Data beyond one machine (chapter 9): what an engine has counted fits as the rows themselves would."""

import numpy as np
import pytest

import betabin as bb

duckdb = pytest.importorskip("duckdb")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("dask.distributed")
parquet = pytest.importorskip("pyarrow.parquet")

import pyarrow as pa  # noqa: E402

# Dask calls a pandas function in a way that the newest pandas has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index is deprecated")

PLAYERS, LINES, FILES = 3_000, 40_000, 4


@pytest.fixture(scope="module")
def lines():
    """One line for each player and game: player, at-bats, hits, in no order."""
    rng = np.random.default_rng(9)
    talent = rng.beta(5, 15, PLAYERS)
    player = rng.integers(PLAYERS, size=LINES)
    at_bats = rng.integers(0, 6, LINES)  # some games without an at-bat
    return {"player": player, "at_bats": at_bats, "hits": rng.binomial(at_bats, talent[player])}


@pytest.fixture(scope="module")
def folder(lines, tmp_path_factory):
    """The same in several Parquet files: a player's lines lie in all of them."""
    path = tmp_path_factory.mktemp("lines")
    for k in range(FILES):
        parquet.write_table(
            pa.table(lines).slice(k * LINES // FILES, LINES // FILES), path / f"{k}.parquet"
        )
    return path


@pytest.fixture(scope="module")
def rows(lines):
    """Hits and at-bats of every player who is on some line, added up in memory."""
    x = np.bincount(lines["player"], lines["hits"], PLAYERS).astype(int)
    n = np.bincount(lines["player"], lines["at_bats"], PLAYERS).astype(int)
    seen = np.bincount(lines["player"], minlength=PLAYERS) > 0
    return x[seen], n[seen]


@pytest.fixture(scope="module")
def cluster():
    """Two workers in this process, without a dashboard and on whatever port is free."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


def with_duckdb(folder):
    with duckdb.connect() as engine:
        table = engine.sql(f"""
            SELECT x, n, count(*) AS count
            FROM (
                SELECT sum(hits)::INT AS x, sum(at_bats)::INT AS n
                FROM '{folder}/*.parquet' GROUP BY player
            )
            GROUP BY x, n ORDER BY x, n
        """).fetchnumpy()
    return table["x"], table["n"], table["count"]


def with_dask(folder):
    players = dd.read_parquet(folder).groupby("player")[["hits", "at_bats"]].sum()
    table = players.groupby(["hits", "at_bats"]).size().compute().sort_index()
    return *table.index.to_frame().to_numpy().T, table.to_numpy()


@pytest.fixture(params=["duckdb", "dask cluster"])
def counted(request, folder):
    """The table (x, n, count), from either engine."""
    if request.param == "duckdb":
        return with_duckdb(folder)
    client = request.getfixturevalue("cluster")
    assert len(client.scheduler_info()["workers"]) == 2
    return with_dask(folder)


def test_engine_counts_what_numpy_counts(counted, rows):
    pairs, counts = np.unique(np.column_stack(rows), axis=0, return_counts=True)
    assert np.array_equal(np.column_stack(counted), np.column_stack([pairs, counts]))
    # A table worth making: several players to a pair.
    assert counts.sum() == rows[0].size > 3 * counts.size


@pytest.mark.parametrize("fit", [bb.fit_em, bb.fit_mle])
def test_fit_of_the_table_is_the_fit_of_the_rows(counted, rows, fit):
    x, n, counts = counted
    table, whole = fit(x, n, counts=counts), fit(*rows)
    # The same to the last bit, round by round: both become the same tail counts.
    assert table.params == whole.params
    assert table.status == whole.status == "interior"
    assert np.array_equal(table.trace.alpha, whole.trace.alpha)
    assert np.array_equal(table.trace.beta, whole.trace.beta)
    assert table.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)


def test_fit_of_the_table_finds_the_truth(counted):
    x, n, counts = counted
    fit = bb.fit_em(x, n, counts=counts)
    errors = bb.standard_errors(fit, x, n, counts=counts)
    assert abs(fit.mean - 0.25) < 4 * errors.mean
    assert abs(np.log(fit.concentration / 20)) < 4 * errors.log_concentration


def test_parts_of_an_e_step_add_up(cluster, rows):
    """Every worker averages over its own rows; weighted by size, the averages are the whole's."""
    params = bb.BetaParams(5.0, 15.0)
    parts = [np.column_stack(rows)[k::3] for k in range(3)]
    told = cluster.gather([cluster.submit(bb.e_step, params, *part.T) for part in parts])
    together = np.average(told, axis=0, weights=[len(part) for part in parts])
    assert together == pytest.approx(np.array(bb.e_step(params, *rows)), rel=1e-12)
