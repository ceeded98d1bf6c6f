"""The files for operators: settings, unit, chart, alerts and dashboard fit the program."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

MODEL = "fraud/charge"
PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"
MONITORING = PACKAGING / "monitoring"


def run(*command: str | pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def exported(server):
    """Names of the series in /metrics of a server that did some of everything."""
    server.request("POST", f"/v1/models/{MODEL}/score", {"row": {"amount": 1, "age": 2}})
    text = server.request("GET", "/metrics").body.decode()
    return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize("name", ["alerts.yaml", "dashboard.json"])
def test_every_metric_that_is_watched_exists(exported, name):
    watched = set(re.findall(r"\b(?:bascule|process)_[a-z_]+", (MONITORING / name).read_text()))
    assert len(watched) > 5
    assert watched <= exported


def test_the_dashboard_is_json_with_panels_that_ask_for_something():
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    assert all(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) > 5


def test_the_alerts_are_rules_of_prometheus():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed here")
    rules = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"][0]["rules"]
    assert all({"alert", "expr", "labels", "annotations"} <= set(rule) for rule in rules)
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed here: the expressions were not parsed")
    done = run("promtool", "check", "rules", MONITORING / "alerts.yaml")
    assert done.returncode == 0, done.stderr


def test_the_units_command_takes_its_settings():
    unit = (PACKAGING / "systemd" / "bascule.service").read_text()
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    words = command.split()
    assert words[:2] == ["/usr/bin/bascule", "serve"]
    assert words[2:] == ["--config", "/etc/bascule/bascule.toml"]
    settings = PACKAGING / "systemd" / "bascule.toml"
    done = run(os.environ["BASCULE_BINARY"], "config", "--config", settings, "--explain")
    assert done.returncode == 0, done.stderr
    assert 'data = "/var/lib/bascule"' in done.stdout
    assert "StateDirectory=bascule\n" in unit


def test_the_unit_is_one_for_systemd(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    unit = (PACKAGING / "systemd" / "bascule.service").read_text()
    here = tmp_path / "bascule.service"
    here.write_text(unit.replace("/usr/bin/bascule", os.environ["BASCULE_BINARY"]))
    done = run("systemd-analyze", "verify", "--man=no", here)
    assert done.returncode == 0, done.stderr
    assert str(here) not in done.stderr


def test_the_chart_renders():
    if shutil.which("helm") is None:
        pytest.skip("helm is not installed here: the chart was not rendered")
    chart = PACKAGING / "helm" / "bascule"
    assert "tls.secretName" in run("helm", "template", chart).stderr
    for how in ("tls.secretName=cert", "tls.insecure=true"):
        assert run("helm", "lint", "--strict", chart, "--set", how).returncode == 0
        done = run("helm", "template", chart, "--set", how)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_debian_package_installs_and_serves_in_a_clean_root(tmp_path):
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        pytest.skip("debootstrap and root are needed for a clean Debian root")
    project = PACKAGING.parent
    assert run("make", "-C", project, "deb").returncode == 0
    (package,) = (project / "build" / "release").glob("bascule_*.deb")
    root = tmp_path / "root"
    made = run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root)
    assert made.returncode == 0, made.stdout[-2000:]
    shutil.copy(package, root / "bascule.deb")
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    inside = ("env", "DEBIAN_FRONTEND=noninteractive", "chroot", root)
    done = run(*inside, "apt-get", "install", "-y", "--no-install-recommends", "/bascule.deb")
    assert done.returncode == 0, done.stdout + done.stderr
    unit = (root / "usr/lib/systemd/system/bascule.service").read_text()
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    # What systemd does for StateDirectory= and User=; port 0 instead of one that may be taken.
    as_bascule = "setpriv --reuid bascule --regid bascule --init-groups"
    script = f"install -d -o bascule /var/lib/bascule && exec {as_bascule} {command}"
    server = subprocess.Popen(
        [*inside, "sh", "-c", f"{script} --listen 127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        found = re.search(r"http://(127\.0\.0\.1:\d+)", server.stdout.readline())
        assert found is not None
        done = run("curl", "-s", "--retry", "9", f"http://{found[1]}/v1/health/ready")
        assert json.loads(done.stdout)["ready"] is True
    finally:
        server.terminate()
        assert server.wait(timeout=60) == 0
