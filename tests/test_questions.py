"""The quizzes for learning platforms: read by a small interpreter of QTI, they judge as `check` does."""

import html
import itertools
import re
import xml.etree.ElementTree as ET
import zipfile

import pytest
import questions

from betabin import checks
from betabin.checks import kinds

N = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    path = tmp_path_factory.mktemp("quiz") / "questions.zip"
    assert questions.main(["--out", str(path)]) == 0
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {one.external_attr >> 16 for one in archive.infolist()} == {
            0o100644
        }  # or nobody can unpack it
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture(scope="module")
def items(package):
    found = {}
    for name, text in package.items():
        if name != "imsmanifest.xml":
            for item in ET.fromstring(text).iter(f"{N}item"):
                found[item.get("ident").replace("-", ".")] = item
    return found


def holds(test, answer):
    """Whether a condition of QTI holds for a set of identifiers, or for a number."""
    kind = test.tag.removeprefix(N)
    if kind in ("conditionvar", "and"):
        return all(holds(part, answer) for part in test)
    if kind == "not":
        return not all(holds(part, answer) for part in test)
    if kind == "varequal":
        return test.text in answer
    return {"vargte": answer >= float(test.text), "varlte": answer <= float(test.text)}[kind]


def is_right(item, answer):
    """Whether a platform gives the points: some condition that sets the score to 100 holds."""
    return any(
        holds(condition.find(f"{N}conditionvar"), answer)
        for condition in item.iter(f"{N}respcondition")
        if condition.findtext(f"{N}setvar") == "100"
    )


def of_kind(kind):
    return [
        (name, question)
        for number in range(1, 10)
        for name, question in checks.questions(f"ex0{number}").items()
        if type(question) is kind
    ]


def test_every_choice_and_number_is_in_it_once_and_all_it_points_to_is_there(package, items):
    assert set(items) == {name for kind in (kinds.Choice, kinds.Number) for name, _ in of_kind(kind)}
    manifest = ET.fromstring(package["imsmanifest.xml"])
    named = {file.get("href") for file in manifest.iter() if file.tag.endswith("}file")}
    assert named == set(package) - {"imsmanifest.xml"}
    for item in items.values():
        shown = {one.get("linkrefid") for one in item.iter(f"{N}displayfeedback")}
        assert shown == {one.get("ident") for one in item.iter(f"{N}itemfeedback")}
        entries = {one[0].text: one[1].text for one in item.iter(f"{N}qtimetadatafield")}
        name = item.get("ident").replace("-", ".")
        assert float(entries["points_possible"]) == checks.questions(name[:4])[name].points


@pytest.mark.parametrize(("name", "question"), of_kind(kinds.Choice), ids=lambda value: str(value)[:6])
def test_a_choice_is_right_for_the_platform_just_when_check_accepts_it(items, name, question):
    item, letters = items[name], [option.letter for option in question.options]
    labels = [label.get("ident") for label in item.iter(f"{N}response_label")]
    assert [label[-1] for label in labels] == letters
    several = item.find(f".//{N}response_lid").get("rcardinality") == "Multiple"
    for size in range(1, len(letters) + 1 if several else 2):
        for chosen in itertools.combinations(letters, size):
            answer = {label for label in labels if label[-1] in chosen}
            accepted = checks.judge(name, "".join(chosen)).name == "right"
            assert is_right(item, answer) == accepted
    feedback = {one.get("ident"): "".join(one.itertext()) for one in item.iter(f"{N}itemfeedback")}
    for letter in letters:
        if letter in question.messages:
            said = questions.to_html(question.messages[letter])
            assert plain(said) in plain(feedback[f"{item.get('ident')}-{letter}_fb"])


@pytest.mark.parametrize(("name", "question"), of_kind(kinds.Number), ids=lambda value: str(value)[:6])
def test_a_number_is_right_for_the_platform_just_when_check_accepts_it(items, name, question):
    item, want = items[name], float(question.want())
    # One right range and no other: Canvas takes every range for a right answer, whatever its score.
    assert len(list(item.iter(f"{N}vargte"))) == 1
    room = question.atol + question.rtol * abs(want)
    judged = []
    for share in (-30, -1.01, -0.99, 0, 0.99, 1.01, 30):
        judged.append(checks.judge(name, want + share * room).name == "right")
        assert is_right(item, want + share * room) == judged[-1]
    assert judged == [False, False, True, True, True, False, False]
    feedback = plain("".join(item.find(f"{N}itemfeedback[@ident='general_incorrect_fb']").itertext()))
    for slip in question.slips:
        assert plain(questions.to_html(slip.message)) in feedback


def plain(text):
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(text)).split())


def test_a_question_is_whole_and_does_not_speak_of_the_notebook(items):
    for name, item in items.items():
        text = item.findtext(f"{N}presentation/{N}material/{N}mattext")
        assert len(text) > 100
        for gone in (
            "Answer with all",
            "Answer with a letter",
            "Run the cell",
            "$",
            "<details",
            "BEGIN SOLUTION",
            "check(",
        ):
            assert gone not in text, (name, gone)
        assert "Hint" not in text
        why = "".join(item.find(f"{N}itemfeedback[@ident='correct_fb']").itertext())
        assert "<strong>Why.</strong>" in why
    # A cell that a question starts from is there, with what it prints.
    text = items["ex01.5"].findtext(f"{N}presentation/{N}material/{N}mattext")
    assert "bb.fit_em(hits, at_bats" in text
    assert "start  mean  concentration  log-likelihood\n" in html.unescape(text)


def test_formulas_are_tex_that_platforms_typeset():
    made = questions.to_html("Take $a < b$ and\n\n$$\nx^2\n$$\n")
    assert "\\(a &lt; b\\)" in made
    assert "\\[x^2\\]" in made
    assert "$" not in made


def test_the_same_sources_give_the_same_bytes(tmp_path):
    for name in ("a.zip", "b.zip"):
        questions.write(tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
