"""What starts several servers behind one address: compose.yaml and the proxy say what docs/scaling.md does."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
LINES = re.search(r"\n```\n(export .*?)```", (ROOT / "docs" / "scaling.md").read_text(), re.DOTALL)[1].splitlines()


@pytest.mark.skipif(not shutil.which("haproxy"), reason="HAProxy is not installed: apt-get install haproxy")
def test_the_configuration_of_the_proxy_is_valid():
    subprocess.run(["haproxy", "-c", "-f", ROOT / "deploy" / "haproxy.cfg"], check=True, capture_output=True)


def words(line: str) -> set[str]:
    """Return the programs and options of a command, without what differs between machines."""
    return {
        word
        for word in line.split()
        if re.fullmatch(r"-{1,2}[a-z-]+|dask|worker|scheduler|server|app\.py|backends\.[a-z.]+", word)
    }


def test_containers_run_what_the_documentation_says():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    run = [words(" ".join(["mlflow" if "mlflow" in part else part for part in service["command"]]))
           for service in services.values() if "command" in service]  # fmt: skip
    more = {"--address", "--allowed-hosts", "--nworkers", "--port"}  # containers are reached from others, and scaled by Docker
    for line in LINES[1:-1]:
        assert any(words(line) - more == found - more for found in run), line
    assert "ports" in services["proxy"]
    assert not any("ports" in service for name, service in services.items() if name != "proxy")
    text = (ROOT / "compose.yaml").read_text()
    assert not re.search(r"(?im)^\s*\w*(password|secret)\w*: *(?!\$\{)\S", text)  # none is in the file; they come from outside
    shared = services["one"]["environment"]
    assert {"ASSIMILAB_HOME", "ASSIMILAB_SCHEDULER", "MLFLOW_TRACKING_URI"} <= shared.keys()
    assert all(shared[name] == services["worker"]["environment"][name] for name in ("ASSIMILAB_HOME", "MLFLOW_TRACKING_URI"))
