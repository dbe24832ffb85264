"""The workflows of GitHub and Binder's files say what the Makefile and requirements.txt say."""

import os
import re
import subprocess

import pytest
import yaml
from conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    # YAML 1.1 reads the key `on` as true.
    workflow["on"] = workflow.pop(True)
    return workflow


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split())


def test_there_is_a_workflow_for_proposals_one_for_publishing_and_one_for_every_week():
    assert [path.name for path in WORKFLOWS] == ["check.yml", "publish.yml", "weekly.yml"]
    check, publish, weekly = map(load, WORKFLOWS)
    assert "pull_request" in check["on"]
    assert publish["on"]["push"]["branches"] == ["main"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", weekly["on"]["schedule"][0]["cron"])
    assert [step["run"] for step in steps(weekly) if step.get("run", "").startswith("make ")] == [
        "make test",
        "make links",
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_says_first_why_it_exists_and_needs_no_secret(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Why: ")
    assert "secrets." not in text


def test_a_proposal_s_site_is_kept_once_to_be_looked_at():
    job = load(WORKFLOWS[0])["jobs"]["test"]
    kept = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert [step["with"]["path"] for step in kept] == ["_build/html"]
    newest = job["strategy"]["matrix"]["python"][-1]
    assert kept[0]["if"] == f"matrix.os == 'ubuntu-latest' && matrix.python == '{newest}'"


def test_newer_actions_are_proposed():
    dependabot = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    assert [update["package-ecosystem"] for update in dependabot["updates"]] == ["github-actions"]


def test_there_is_a_form_for_a_bug_a_stumble_and_a_question():
    forms = ROOT / ".github" / "ISSUE_TEMPLATE"
    named = sorted(path.stem for path in forms.glob("*.yml") if path.stem != "config")
    assert named == ["bug", "question", "stumble"]
    for name in named:
        form = yaml.safe_load((forms / f"{name}.yml").read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= set(form)
        ids = [item["id"] for item in form["body"] if item["type"] != "markdown"]
        assert len(ids) == len(set(ids)) > 0
        assert any(item.get("validations", {}).get("required") for item in form["body"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_commands_are_targets_of_the_makefile(path):
    commands = [command for step in steps(load(path)) for command in step.get("run", "").splitlines()]
    made = [word for command in commands if command.startswith("make ") for word in command.split()[1:2]]
    assert made
    assert set(made) <= targets()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_github_s_own_pinned_by_their_commit(path):
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_an_action_is_pinned_at_one_commit_everywhere():
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOWS]
    used = set(re.findall(r"uses: ([\w/-]+)@(\w+)", "\n".join(texts)))
    assert len({action for action, _ in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_files_that_a_workflow_names_exist(path):
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"(?:site|tools|tests)/[\w./-]+|requirements\.txt", text)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_proposals_are_tested_on_the_oldest_and_newest_python_on_both_systems():
    matrix = load(WORKFLOWS[0])["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.14"]
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos"}


def test_nothing_is_published_that_was_not_tested_and_only_the_last_job_may_publish():
    publish = load(WORKFLOWS[1])
    commands = [step["run"] for step in publish["jobs"]["build"]["steps"] if "run" in step]
    order = [command.split()[1] for command in commands if command.startswith("make ")]
    assert order == ["test", "test-away", "public"]
    assert publish["jobs"]["deploy"]["needs"] == "build"
    assert publish["permissions"] == {"contents": "read"}
    assert publish["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}


def test_binder_installs_the_pinned_versions_and_the_package():
    script = ROOT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    text = script.read_text(encoding="utf-8")
    assert "--requirement requirements.txt" in text
    # No list of its own, or there would be two.
    assert sorted(path.name for path in script.parent.iterdir()) == ["postBuild", "runtime.txt"]
    version = (script.parent / "runtime.txt").read_text(encoding="utf-8").strip()
    assert version in {"python-3.11", "python-3.12", "python-3.13", "python-3.14"}
