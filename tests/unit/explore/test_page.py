"""The page in its file and on its port: nothing in it can be ended or joined by a name."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import pellucid as pl
from pellucid.cli.app import app
from pellucid.errors import PellucidError, RunError, SettingError
from pellucid.explore.page import as_data, page, policy_of
from pellucid.explore.serve import PageServer
from pellucid.explore.write import explorer_page
from pellucid.run.contents import others_files, own_files

STAND_IN = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<!--policy-->
<title>Pellucid</title>
<style>p{color:red}</style>
</head>
<body>
<script type="application/json" id="payload"></script>
<script type="module">1+1</script>
</body>
</html>
"""
POLICY = (
    "default-src 'none'; script-src 'sha256-Shsh2HauAMjtXE0c3gnGH4phtQ/jcKgBsQwzmDHzcKs=';"
    " style-src 'sha256-p0bF+un5yUb9MBO6xRb8kPHlY2BdpHVtLiFkDrZPF64='; img-src data: blob:; base-uri 'none';"
    " form-action 'none'"
)


@pytest.fixture(autouse=True)
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "stand-in.html"
    place.write_text(STAND_IN)
    monkeypatch.setattr("pellucid.explore.page.TEMPLATE", place)
    return place


@pytest.fixture
def folder(bars_run: Path, tmp_path: Path) -> Path:
    """A run of one's own, without its network, so that its page is made at once."""
    found = Path(shutil.copytree(bars_run, tmp_path / "run"))
    (found / "model.safetensors").unlink()
    return found


class Elements(HTMLParser):
    """The elements of a page, and what stands in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found.pop()
            self.found.append((tag, attributes, text + data))


def payload_in(text: str) -> dict[str, Any]:
    (found,) = (text for _, attributes, text in Elements(text).found if attributes.get("id") == "payload")
    return json.loads(found)


def test_a_name_can_neither_end_the_document_nor_be_markup() -> None:
    names = ["</script><script>alert(1)</script>", "<!--", "&amp;", "\u2028\u2029", "\u202e", "\ud800", "数字"]
    name = "</title><script>alert(1)</script>\n\u202e"
    document = {"run": {"name": name}, "language": "zh", "classes": names}
    text = page(document)
    assert payload_in(text) == document
    tags = [tag for tag, *_ in Elements(text).found]
    assert tags == ["html", "head", "meta", "meta", "meta", "title", "style", "body", "script", "script"]
    assert "<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\n\\u202e \u00b7 Pellucid</title>" in text
    assert '<html lang="zh-Hans">' in text
    assert not set("<>&\u2028\u2029") & set(as_data(document))


def test_the_policy_lets_in_what_the_page_brings_and_nothing_else() -> None:
    text = page({"run": {"name": "a"}, "language": "en"})
    metas = [attributes for tag, attributes, _ in Elements(text).found if tag == "meta"]
    assert metas[1] == {"http-equiv": "Content-Security-Policy", "content": POLICY}
    assert policy_of(text) == POLICY
    assert "unsafe" not in POLICY
    assert "connect" not in POLICY


def test_a_template_that_is_missing_or_another_is_told(stand_in: Path) -> None:
    stand_in.write_text("<html>")
    with pytest.raises(PellucidError, match="is of another version of Pellucid"):
        page({"run": {"name": "a"}, "language": "en"})
    stand_in.unlink()
    with pytest.raises(PellucidError, match="is missing in this installation of Pellucid. .*: make explorer"):
        explorer_page("latest")


def test_a_page_lies_in_the_folder_of_its_run_and_replaces_nothing_of_the_users(folder: Path, tmp_path: Path) -> None:
    file = pl.write_explorer(folder)
    assert file == folder / "explorer.html"
    assert file in own_files(folder)
    assert payload_in(file.read_text())["run"]["name"] == "run"
    assert pl.write_explorer(folder) == file
    assert pl.write_explorer(folder, tmp_path / "new" / "a.html", language="zh") == tmp_path / "new" / "a.html"
    file.write_text("my own")
    assert file in others_files(folder)
    with pytest.raises(RunError, match="explorer.html is there and is not Pellucid's; the page would replace it"):
        pl.write_explorer(folder)
    with pytest.raises(RunError, match="is a folder"):
        pl.write_explorer(folder, folder)
    with pytest.raises(SettingError, match="Unknown language 'fr'"):
        pl.write_explorer(folder, language="fr")
    assert not list(tmp_path.glob("**/*.part"))


@pytest.fixture
def server() -> Iterator[PageServer]:
    with PageServer() as found:
        found.show("<p>the page</p>")
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def asked(server: PageServer, method: str = "GET", path: str = "/", host: str = "") -> tuple[int, Any, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=600)
    link.request(method, path, headers={"Host": host or f"127.0.0.1:{server.server_port}"})
    answer = link.getresponse()
    found = answer.status, answer.headers, answer.read()
    link.close()
    return found


def test_a_served_page_is_for_this_machine_alone(server: PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    status, headers, content = asked(server)
    assert (status, content) == (200, b"<p>the page</p>")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].endswith("form-action 'none'; frame-ancestors 'none'")
    assert asked(server, host=f"localhost:{server.server_port}")[0] == 200
    assert asked(server, "HEAD")[2] == b""
    assert asked(server, host="evil.example")[0] == 421
    assert asked(server, host="localhost:1")[0] == 421
    assert asked(server, path="/etc/passwd")[0] == 404
    assert asked(server, "POST")[0] == 501
    with pytest.raises(RunError, match=rf"Port {server.server_port} of 127.0.0.1 cannot be had .* Choose another"):
        PageServer(server.server_port)


def test_the_command_writes_a_file_or_serves(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["explore", str(folder), "--out", str(out), "--json"])
    assert json.loads(done.stdout) == {"run": str(folder), "page": str(out), "bytes": out.stat().st_size}
    wrong = CliRunner().invoke(app, ["explore", str(folder), "--out", str(out), "--port", "1"])
    assert wrong.exit_code == 2

    exported = CliRunner().invoke(app, ["export", str(folder), "--format", "html", "--proof-images", "0"])
    assert exported.stdout == "exports/run.html\n"
    assert payload_in(Path("exports/run.html").read_text())["run"]["name"] == "run"
    again = CliRunner().invoke(app, ["export", str(folder), "--format", "html"])
    assert "exports/run.html exists already. Choose another --out, or give --overwrite" in str(again.exception)
    Path("exports/run.html").write_text("my own")
    mine = CliRunner().invoke(app, ["export", str(folder), "--format", "html", "--overwrite"])
    assert "exports/run.html is there and is not Pellucid's" in str(mine.exception)

    def interrupted(server: PageServer) -> None:
        raise KeyboardInterrupt

    opened: list[str] = []
    monkeypatch.setattr(PageServer, "serve_forever", interrupted)
    monkeypatch.setattr("pellucid.cli.explore.webbrowser.open", opened.append)
    served = CliRunner().invoke(app, ["explore", str(folder), "--no-open"])
    assert served.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", served.stdout)
    assert not opened
