"""Where a server listens, who may ask, and what is said when it cannot begin."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from pellucid.cli.app import app as program
from pellucid.errors import PellucidError, SettingError
from pellucid.predict.prediction import Prediction
from pellucid.serve.address import Address
from pellucid.serve.extra import LIBRARIES, require_libraries
from pellucid.serve.gate import Gate
from pellucid.serve.gatherer import Gatherer
from pellucid.serve.guard import BODY, Guard
from pellucid.serve.limits import Limits
from pellucid.serve.metrics import Metrics
from pellucid.serve.problem import ProblemError

TOKEN = "a-token-that-nobody-guesses"  # noqa: S105


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_library_names_the_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(
        PellucidError, match=rf"A server needs {name}\. Install what is missing with: pip install 'pellucid\[serve\]'"
    ):
        require_libraries()


def test_a_port_in_use_is_told(bars_run: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(program, ["serve", str(bars_run), "--port", str(port)])
    assert isinstance(done.exception, PellucidError)
    assert str(done.exception) == (
        f"Port {port} of 127.0.0.1 is in use. Choose another --port; --port 0 takes a free one."
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a" * 300, "-"])
def test_a_host_that_is_not_this_machine_is_told(host: str) -> None:
    with pytest.raises(SettingError, match="--host must be a name or address of this machine; received '"):
        Address.bind(host, 0)


def test_another_address_than_loopback_needs_a_token(bars_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PELLUCID_TOKEN", raising=False)
    for host in ("0.0.0.0", "::"):  # noqa: S104
        done = CliRunner().invoke(program, ["serve", str(bars_run), "--host", host, "--port", "0"])
        assert isinstance(done.exception, SettingError)
        assert "Another address than loopback needs a token in the environment variable PELLUCID_TOKEN" in str(
            done.exception
        )
    monkeypatch.setenv("PELLUCID_TOKEN", "short")
    done = CliRunner().invoke(program, ["serve", str(bars_run), "--port", "0"])
    assert "must have at least 16 characters of ASCII without blanks; received 5 characters" in str(done.exception)


def test_addresses_know_whether_they_are_of_this_machine_alone() -> None:
    for host, loopback, begin in (
        ("127.0.0.1", True, "http://127.0.0.1:"),
        ("localhost", True, "http://"),
        ("0.0.0.0", False, "http://0.0.0.0:"),  # noqa: S104
    ):
        with contextlib.closing(Address.bind(host, 0)) as address:
            assert address.is_loopback == loopback
            assert address.url.startswith(begin)


def test_a_run_that_is_not_there_or_not_done_is_told(bars_run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(program, ["serve", str(tmp_path / "none")])
    assert "There is no run" in str(done.exception)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "run.json").write_bytes((bars_run / "run.json").read_bytes())
    done = CliRunner().invoke(program, ["serve", str(tmp_path / "half"), "--port", "0"])
    assert isinstance(done.exception, PellucidError)
    assert "model.safetensors" in str(done.exception)


def guarded(token: str | None = None, hosts: set[str] | None = None, limits: Limits | None = None) -> Guard:
    """A guard around an application that answers everything with the body that it got."""

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope.get(BODY, b"")})

    gate = Gate(limits or Limits())
    return Guard(app, gate, Metrics(gate, "bars", "0"), token, hosts)


def ask(guard: Guard, method: str, path: str, **given) -> httpx.Response:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://localhost:80") as client:
            return await client.request(method, path, **given)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "given",
    ["", TOKEN, "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xe9\xff", f"Bearer {TOKEN[:-1]}"],
)
def test_without_the_token_nothing_is_answered_but_health(given: str) -> None:
    guard = guarded(TOKEN)
    headers = {"authorization": given.encode("latin-1")}
    for path in ("/v1/predict", "/metrics", "/openapi.json", "/v1/model", "/healthz/", "/"):
        answer = ask(guard, "GET", path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_required")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert ask(guard, "GET", "/healthz", headers=headers).status_code == 200
    assert ask(guard, "GET", "/readyz", headers=headers).status_code == 200


def test_with_the_token_all_is_answered_under_any_name() -> None:
    headers = {"authorization": f"bearer {TOKEN}", "host": "anything"}
    assert ask(guarded(TOKEN), "POST", "/v1/predict", content=b"abc", headers=headers).content == b"abc"


def test_names_that_are_not_the_servers_are_refused() -> None:
    guard = guarded(hosts={"localhost", "::1"})
    for host, status in (("localhost:1", 200), ("LOCALHOST", 200), ("[::1]:80", 200), ("x.localhost", 421), ("", 421)):
        assert ask(guard, "GET", "/healthz", headers={"host": host}).status_code == status


def test_a_websocket_is_closed() -> None:
    said = []

    async def send(message) -> None:
        said.append(message)

    asyncio.run(guarded()({"type": "websocket"}, None, send))
    assert said == [{"type": "websocket.close", "code": 1008}]


def test_images_that_would_be_too_many_are_refused() -> None:
    gate = Gate(Limits(waiting=3))
    with gate.taking(2):
        assert not gate.is_full
        with pytest.raises(ProblemError, match="As many images wait as may"), gate.taking(2):
            pass
        with gate.taking(1):
            assert gate.is_full
    assert gate.waiting == 0


def test_images_of_which_one_fails_are_answered_each_by_itself() -> None:
    asked = []

    def network(images: np.ndarray) -> list[Prediction]:
        asked.append(len(images))
        if (images == 255).any():
            raise PellucidError("not finite")
        return [Prediction(str(int(image.flat[0])), 1.0, {}) for image in images]

    async def run() -> list:
        with ThreadPoolExecutor(1) as executor:
            gatherer = Gatherer(network, executor, 4, lambda _: None)
            images = [np.full((1, 2, 2, 1), value, np.uint8) for value in (1, 2, 255, 4, 5)]
            waiting = [asyncio.ensure_future(gatherer.answer(image)) for image in images]
            await asyncio.sleep(0)
            await gatherer.start()
            found = await asyncio.gather(*waiting, return_exceptions=True)
            await gatherer.stop()
        return found

    one, two, fault, four, five = asyncio.run(run())
    assert [found[0].label for found in (one, two, four, five)] == ["1", "2", "4", "5"]
    assert isinstance(fault, PellucidError)
    assert asked == [4, 1, 1, 1, 1, 1]
