"""Several servers behind one address, with workers and a record that they share: started by the lines of docs/scaling.md."""

import json
import math
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
import yaml

from backends.jobs import records
from backends.jobs.context import LocalContext
from backends.jobs.job import State
from backends.jobs.mlflow_client import make_tables
from backends.jobs.service import Jobs
from backends.jobs.task import KINDS, resolve
from scripts.driver import free_port
from tests.backends.jobs.services import until

pytestmark = pytest.mark.reference  # it starts seven processes, each of which imports torch or MLflow

ROOT = Path(__file__).parents[3]
LINES = re.search(r"\n```\n(export .*?)```", (ROOT / "docs" / "scaling.md").read_text(), re.DOTALL)[1].splitlines()
PORTS = ("8786", "5000", "5011", "5012", "5006")
WANTED = {
    "cycling": """
        {kind: cycling, dynamics: {name: lorenz96}, repeat: 2, cycles: 6, spinup: 0, seed: 4,
         methods: [{name: etkf, members: 8}, {name: enkf, members: 8}]}
    """,
    "training": """
        {kind: training, task: aivar-1d, iterations: 12, points: 40, observations: {count: [5, 20]}, seed: 5,
         network: {name: mlp, width: 16}}
    """,
    "rollout": """
        {kind: rollout, start: {name: testbed, dynamics: {name: lorenz63}}, steps: 20, every: 4, members: 3, starts: 2, seed: 6,
         models: [{name: perfect}, {name: wrong, model: {sigma: 9.0}}, {name: persistence}]}
    """,
}  # fmt: skip
#: Seconds in which all processes must have started.
STARTED = 300
#: What says how long something took, or where, and not what came out.
OF_THE_RUN = {"seconds", "samples_per_second", "cycles_per_second", "run_id", "device", "seconds_per_step", "minutes"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """What runs, by the port in the documentation, with the environment that the first line sets."""
    folder = tmp_path_factory.mktemp("shared")
    ports = {port: str(free_port()) for port in PORTS}

    def here(line: str) -> str:
        for port, free in ports.items():
            line = re.sub(rf"(?<=[: ]){port}\b", free, line)
        line = line.replace(".venv/bin/mlflow", ".venv/bin/python -m mlflow").replace(".venv/bin/python", sys.executable)
        return line.replace("$HOME/assimilab-shared", str(folder))

    make_tables(folder / "mlflow.db")  # MLflow itself waits for the disk a thousand times
    export, *lines = map(here, LINES)
    first = subprocess.run(["sh", "-c", f"{export}; env -0"], capture_output=True, check=True, text=True)
    environment = dict(pair.split("=", 1) for pair in first.stdout.split("\0") if pair)
    environment |= {
        "ASSIMILAB_DEVICE": "cpu", "PYTHONUNBUFFERED": "1", "ASSIMILAB_BIND": f"127.0.0.1:{ports['5006']}",
        "ASSIMILAB_SERVER_ONE": f"127.0.0.1:{ports['5011']}", "ASSIMILAB_SERVER_TWO": f"127.0.0.1:{ports['5012']}",
        "ASSIMILAB_DATA": str(folder),
    }  # fmt: skip
    running = []
    try:
        for line in lines:
            if line.startswith("haproxy") and not shutil.which("haproxy"):
                continue
            with (folder / "log.txt").open("a") as log:
                command = ["sh", "-c", f"exec env {line}"]
                running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        yield folder, ports, environment
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.HTTPError):
        return False


def status(port: str) -> dict:
    with urllib.request.urlopen(f"http://localhost:{port}/status.json", timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def services(place):
    """The jobs of two servers."""
    _, ports, environment = place
    until(lambda: answers(f"http://127.0.0.1:{ports['5000']}/health"), STARTED)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ASSIMILAB_HOME", "ASSIMILAB_SCHEDULER", "MLFLOW_TRACKING_URI", "ASSIMILAB_DEVICE"):
            patch.setenv(name, environment[name])
        patch.setattr(records, "READ_EVERY", 0.2)
        both = Jobs(), Jobs()
        yield both
        for service in both:
            service.close()


def same(one, other, path="") -> None:
    """Compare numbers to rounding, and everything else exactly."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for key in one.keys() - OF_THE_RUN:
            same(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for number, pair in enumerate(zip(one, other, strict=True)):
            same(*pair, f"{path}.{number}")
    elif isinstance(one, float) and not math.isnan(one):
        assert one == pytest.approx(other, rel=1e-5), path
    elif not isinstance(one, float):
        assert one == other, path


def test_two_workers_compute_what_one_process_does_and_both_servers_know_of_it(services, tmp_path):
    first, second = services
    second.list()  # it reads the record before anything is in it
    begun = [(first if number % 2 else second).submit(kind, WANTED[kind], tmp_path) for number, kind in enumerate(WANTED)]
    until(lambda: not any(service.loading for service in services), 60)
    alone = {kind: resolve(KINDS[kind])(settings, tmp_path, LocalContext()) for kind, settings in WANTED.items()}
    for job in begun:
        for service in services:
            until(lambda s=service, asked=job.id: any(j.id == asked and j.state.final for j in s.list()), 120)
            found = service.get(job.id)
            assert (found.state, found.problem) == (State.COMPLETED, "")
            same(json.loads(json.dumps(alone[job.kind])), found.summary)
            assert {"settings.yaml", "summary.json"} & {"settings.yaml", *found.artifacts}
            assert yaml.safe_load(service.artifact(job.id, "settings.yaml")) == yaml.safe_load(WANTED[job.kind])
    workers = {service._running.jobs[job.id].worker for service in services for job in begun if job.id in service._running.jobs}
    assert len(workers) == 2
    # What one deletes is gone for the other, too.
    owner, other = (first, second) if begun[0].id in first._running.jobs else (second, first)
    owner.delete(begun[0].id)
    until(lambda: begun[0].id not in {job.id for job in other.list()}, 60)


@pytest.mark.skipif(not shutil.which("haproxy"), reason="HAProxy is not installed: apt-get install haproxy")
def test_a_page_stays_with_the_process_that_made_it(place):
    """Two visitors come to two processes; each stays there, also with his websocket."""
    import asyncio

    from bokeh.util.token import get_session_id
    from tornado.httpclient import HTTPRequest
    from tornado.websocket import websocket_connect

    _, ports, _ = place
    proxy = f"http://localhost:{ports['5006']}"
    for port in (ports["5011"], ports["5012"]):
        until(lambda port=port: answers(f"http://localhost:{port}/alive"), STARTED)
    until(lambda: answers(f"{proxy}/alive"), 30)

    def opened(cookie: str = "") -> tuple[str, str]:
        """Return the token of a page and the cookie of the proxy."""
        with urllib.request.urlopen(urllib.request.Request(f"{proxy}/", headers={"Cookie": cookie}), timeout=60) as answer:
            text = answer.read().decode()
            given = SimpleCookie(answer.headers.get("Set-Cookie", "")).get("assimilab_server")
        token = re.search(r'"token":"([^"]+)"', text.replace("&quot;", '"'))[1]
        return token, f"assimilab_server={given.value}" if given else cookie

    async def visit() -> None:
        sockets, made = [], {"one": 0, "two": 0}
        for _ in range(2):
            token, cookie = opened()
            # The session is in this process and no other: the websocket finds it, or the server makes no answer to the token.
            request = HTTPRequest(f"{proxy.replace('http', 'ws')}/ws", headers={"Cookie": cookie, "Origin": proxy})
            socket = await websocket_connect(request, subprotocols=["bokeh", token])
            assert await socket.read_message()
            assert get_session_id(token)
            sockets.append(socket)
            made[cookie.partition("=")[2]] += 1
            assert [opened(cookie)[1] for _ in range(3)] == [cookie] * 3
        assert made == {"one": 1, "two": 1}
        loop = asyncio.get_running_loop()
        for port in (ports["5011"], ports["5012"]):
            numbers = await loop.run_in_executor(None, status, port)
            assert numbers["visitors"] == 1
            assert numbers["sessions"]["/"] == 4
        for socket in sockets:
            socket.close()

    asyncio.run(visit())
    with pytest.raises(urllib.error.HTTPError, match="403"):  # nobody takes a visitor of the proxy for one of this machine
        status(ports["5006"])
