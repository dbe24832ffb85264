"""The data: facts of the files, and loaders that work from an installed wheel."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import oracle
import pytest

import betabin

LOADERS = {
    "batting_2018": lambda: betabin.load_batting(2018),
    "batting_2019": lambda: betabin.load_batting(2019),
    "batting_2020": lambda: betabin.load_batting(2020),
    "efron_morris": betabin.load_efron_morris,
    "rat_tumors": betabin.load_rat_tumors,
    "saxony": betabin.load_saxony,
}
LENGTHS = {
    "batting_2018": 984,
    "batting_2019": 983,
    "batting_2020": 580,
    "efron_morris": 18,
    "rat_tumors": 71,
    "saxony": 13,
}
KINDS = {
    "batting_2018": betabin.Batting,
    "batting_2019": betabin.Batting,
    "batting_2020": betabin.Batting,
    "efron_morris": betabin.EfronMorris,
    "rat_tumors": betabin.RatTumors,
    "saxony": betabin.Saxony,
}
every_set = pytest.mark.parametrize("name", LOADERS)


@every_set
def test_records_are_arrays_of_one_length(name):
    data = LOADERS[name]()
    assert isinstance(data, KINDS[name])
    assert [part.shape for part in data] == [(LENGTHS[name],)] * len(data)
    assert all(isinstance(part, np.ndarray) for part in data)
    assert data.x.dtype == data.n.dtype == np.int64
    assert np.all((data.x >= 0) & (data.x <= data.n) & (data.n >= 1))


@every_set
def test_loaders_return_fresh_arrays(name):
    first, again = LOADERS[name](), LOADERS[name]()
    for part in first:
        part[:] = part[0] if part.dtype.kind == "U" else 1
    for changed, kept, third in zip(first, again, LOADERS[name](), strict=True):
        np.testing.assert_array_equal(kept, third)
        assert not np.shares_memory(changed, kept)
    assert any(np.any(changed != kept) for changed, kept in zip(first, again, strict=True))


@pytest.mark.parametrize("season", [2018, 2019])
def test_batting(season):
    data = betabin.load_batting(season)
    assert len(set(data.player_id)) == len(data.player_id)
    assert set(data.position) <= {"P", "C", "1B", "2B", "3B", "SS", "OF", "DH"}
    assert all(data.player)
    # A league's batting average is near a quarter, its best regulars' near a third.
    assert 0.24 < data.x.sum() / data.n.sum() < 0.26
    regular = data.n >= 400
    assert 0.32 < (data.x[regular] / data.n[regular]).max() < 0.36


def test_batting_of_2018_known_to_everyone():
    data = betabin.load_batting(2018)
    hits = {player: (int(x), int(n)) for player, x, n in zip(data.player, data.x, data.n, strict=True)}
    assert hits["Mookie Betts"] == (180, 520)
    assert hits["Mike Trout"] == (147, 471)
    ohtani = list(data.player).index("Shohei Ohtani")
    assert (data.position[ohtani], data.x[ohtani], data.n[ohtani]) == ("P", 93, 326)
    assert np.sum((data.position != "P") & (data.n >= 100)) == 435


def test_the_short_season_of_2020():
    data = betabin.load_batting(2020)
    hits = {player: (int(x), int(n)) for player, x, n in zip(data.player, data.x, data.n, strict=True)}
    # The leagues' batting titles: .364 and .351; together the leagues hit .245.
    assert hits["DJ LeMahieu"] == (71, 195)
    assert hits["Juan Soto"] == (54, 154)
    assert round(data.x.sum() / data.n.sum(), 3) == 0.245
    assert data.n.max() < 260
    assert set(data.position) <= {"P", "C", "1B", "2B", "3B", "SS", "OF", "DH"}


def test_two_players_of_2019_share_a_name():
    data = betabin.load_batting(2019)
    assert np.sum(data.player == "Will Smith") == 2
    assert len(set(data.player_id[data.player == "Will Smith"])) == 2


def test_numpy_integers_are_seasons():
    assert len(betabin.load_batting(np.int64(2018)).x) == 984


@pytest.mark.parametrize(
    "season", [2017, 2021, 0, -1, 18, None, "2018", 2018.5, 2018.0, [2018], np.array([2018, 2019])]
)
def test_other_seasons_are_refused(season):
    with pytest.raises((ValueError, TypeError), match=r"^season = .* must be .*2018.*2019"):
        betabin.load_batting(season)


def test_efron_and_morris():
    data = betabin.load_efron_morris()
    np.testing.assert_array_equal(data.x, oracle.reference("efron_morris").x)
    np.testing.assert_array_equal(data.n, 45)
    assert data.player[0] == "Roberto Clemente"
    assert len(set(data.player)) == 18
    np.testing.assert_array_equal(data.rest_average[[0, 1, -1]], [0.346, 0.298, 0.200])
    hits = np.rint(data.rest_average * data.rest_n)
    np.testing.assert_array_equal(np.round(hits / data.rest_n, 3), data.rest_average)


def test_rat_tumors():
    data = betabin.load_rat_tumors()
    assert (data.x[-1], data.n[-1]) == (4, 14)
    assert (data.x[:14] == 0).all()
    # As published for the 70 historical groups: Gelman and others, section 5.1.
    share = (data.x / data.n)[:70]
    assert share.mean() == pytest.approx(0.136, abs=5e-4)
    assert share.std(ddof=1) == pytest.approx(0.103, abs=5e-4)


def test_saxony():
    data = betabin.load_saxony()
    np.testing.assert_array_equal(data.x, np.arange(13))
    np.testing.assert_array_equal(data.n, 12)
    np.testing.assert_array_equal(data.counts, oracle.reference("saxony").counts)
    assert data.counts.sum() == 6115


ASK = """
import json, betabin
loaded = [*map(betabin.load_batting, (2018, 2019, 2020)), betabin.load_efron_morris(),
          betabin.load_rat_tumors(), betabin.load_saxony()]
print(json.dumps([betabin.__file__, betabin.__version__, [len(data.x) for data in loaded]]))
"""


def test_loaders_work_from_an_installed_wheel(tmp_path):
    project, target = Path(__file__).parents[1], tmp_path / "target"

    def run(*command, **environment):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir")
    run(*pip, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(project))
    (wheel,) = tmp_path.glob("betabin-*.whl")
    run(*pip, "install", "--no-index", "--no-deps", "--target", str(target), str(wheel))
    where, version, lengths = json.loads(run("-c", ASK, PYTHONPATH=str(target)))
    assert Path(where).is_relative_to(target)
    assert version == betabin.__version__
    assert lengths == list(LENGTHS.values())
    assert (target / "betabin" / "data" / "README.md").is_file()
