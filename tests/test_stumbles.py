"""What a class stumbles over, from the files that students' `report()` writes."""

import json

import pytest
import stumbles

from betabin import checks


@pytest.fixture
def reports(tmp_path, monkeypatch, capsys):
    """Three students: one has it at once, one after two slips, one not at all."""
    tries = {"ada": ["b"], "bob": ["a", "a", "d", "b"], "eve": ["a"]}
    for student, answers in tries.items():
        monkeypatch.setattr(checks, "_SAID", {})
        for answer in answers:
            checks.check("ex01.2", answer)
        checks.check("ex01.1")  # not answered
        checks.report(tmp_path / f"{student}.json")
    capsys.readouterr()
    return tmp_path


def test_it_counts_students_and_names_the_slips(reports, capsys):
    assert stumbles.main(["--from", str(reports)]) == 0
    out = capsys.readouterr().out
    assert "3 reports" in out
    rows = [line.split() for line in out.splitlines() if line.startswith("ex01.2 ")]
    assert rows == [["ex01.2", "3", "2", "1"]]  # answered, right, at once
    assert "ex01.2: 2 of 3 did not have it at once" in out
    # Two students made slip a, one of them twice; one made slip d.
    words = " ".join(out.split())
    assert "2 a: So it would be if all players had the same true average." in words
    assert "1 d: The number of hits spreads more widely." in words
    assert "ex01.1" not in out
    assert out.endswith("\n    1  ada.json\n    1  bob.json\n    1  eve.json\n")


def test_of_several_letters_each_wrong_one_counts(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checks, "_SAID", {})
    for answer in ("ab", "abc", "bd", "b"):
        checks.check("ex01.5", answer)
    checks.report(tmp_path / "one.json")
    capsys.readouterr()
    assert stumbles.main(["--from", str(tmp_path)]) == 0
    told = [line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.startswith("    1  ")]
    assert told == [["1", "a:"], ["1", "c:"], ["1", "too"], ["1", "one.json"]]


def test_the_question_that_most_stumble_over_comes_first(tmp_path, capsys):
    def said(tries, points, slips):
        return {"answered": True, "tries": tries, "points": points, "of": 2, "slips": slips}

    for k in range(3):
        told = {"ex01.3": said(1, 2, []), "ex02.2": said(2, 2, ["a"])}
        if k == 0:
            told["ex01.3"] = said(3, 2, ["of the count", "binomial"])
        (tmp_path / f"{k}.json").write_text(json.dumps(told), encoding="utf-8")
    assert stumbles.main(["--from", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.index("ex02.2: 3 of 3") < out.index("ex01.3: 1 of 3")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot be read"),
        ("[]", "is no report: it holds no questions"),
        ('{"ex99.1": {}}', "there is no question 'ex99.1'"),
        ('{"ex01.2": {"tries": 1, "points": 1, "of": 1}}', "ex01.2 lacks its list of slips"),
        ('{"ex01.2": {"tries": NaN, "points": 1, "of": 1, "slips": []}}', "ex01.2 has no number of tries"),
        (
            '{"ex01.2": {"tries": 1, "points": true, "of": 1, "slips": []}}',
            "ex01.2 has no number of points",
        ),
    ],
)
def test_a_file_that_is_no_report_is_named_and_the_others_count(reports, capsys, content, said):
    (reports / "odd.json").write_text(content, encoding="utf-8")
    assert stumbles.main(["--from", str(reports)]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("make practice: odd.json ")
    assert said in told.err
    assert "3 reports" in told.out


def test_a_folder_without_reports_is_said(tmp_path, capsys):
    assert stumbles.main(["--from", str(tmp_path)]) == 1
    assert "holds no report" in capsys.readouterr().err
    assert stumbles.main([]) == 1
    assert "say where the reports are, as FROM=folder" in capsys.readouterr().err
