"""What lies in deploy/ and in the how-to can be read, and what it names is there: metrics, commands, ports, files."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prometheus_client.exposition import generate_latest
from typer.main import get_command

from bridge.config import load_config
from bridge.config.values import RunConfig
from bridge.engine.plan.notices import KINDS
from bridge.entrypoints.cli.app import app
from bridge.entrypoints.daemon import metrics as metrics_module
from bridge.entrypoints.daemon.health import Health
from bridge.entrypoints.daemon.metrics import Metrics, Standing
from bridge.entrypoints.daemon.pulse import Pulse
from bridge.ports.work import EntryState
from bridge.store import open_store

ROOT = Path(__file__).resolve().parents[2]
DEPLOY, GUIDE = ROOT / "deploy", ROOT / "docs" / "how-to" / "operate.md"
PORT = 8321
YAML = sorted(path for path in DEPLOY.rglob("*") if path.suffix in (".yml", ".yaml"))
OF_PROMETHEUS = {"up"}


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all(read(name)))


def kubernetes(kind: str) -> Any:
    return next(one for one in documents("kubernetes/bridge.yaml") if one["kind"] == kind)


def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(read("systemd/bridge.service"))
    return parser


def rules() -> list[dict[str, Any]]:
    return [rule for group in documents("prometheus/rules.yml")[0]["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(read("grafana/bridge.json"))["panels"]
    return found


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [one["expr"] for panel in panels() for one in panel["targets"]]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all series that /metrics can have."""
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "bridge.yaml").write_text("systems: {crm: {adapter: memory}}\n")
    config, now = load_config(folder / "bridge.yaml"), datetime(2026, 11, 26, tzinfo=UTC)
    store, made = open_store(f"sqlite:///{folder / 'bridge.db'}"), Metrics()
    made.registry.register(Standing(store, lambda: Pulse(now), lambda: config, list, lambda: now))
    names: set[str] = set()
    for line in generate_latest(made.registry).decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            names |= {name + end for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    store.close()
    return names


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_yaml_can_be_read(path: Path) -> None:
    assert all(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_every_metric_that_is_asked_for_exists(known: set[str]) -> None:
    assert "bridge_writes_total" in known
    for expression in expressions():
        bare = re.sub(r'"[^"]*"|\{[^}]*\}|\b(?:by|on)\s*\([^)]*\)', "", expression)
        asked = set(re.findall(r"\b(?:bridge_\w+|up)\b", bare))
        assert asked, expression
        assert asked <= known | OF_PROMETHEUS, expression


def test_values_of_labels_exist() -> None:
    source = Path(metrics_module.__file__).read_text(encoding="utf-8")
    seen = set()
    for expression in expressions():
        for label, value in re.findall(r'(\w+)="([^"]*)"', expression):
            seen.add(label)
            assert label in ("why", "state", "job")
            if label == "why":
                assert f'"{value}"' in source
            if label == "state":
                assert value in get_args(EntryState)
            if label == "job":
                assert value == documents("prometheus/prometheus.yml")[0]["scrape_configs"][0]["job_name"]
    assert seen == {"why", "state", "job"}


def test_rules_are_whole() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert {"summary", "action"} <= rule["annotations"].keys()
        assert re.fullmatch(r"\d+[smhd]", rule["for"])
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_panels_do_not_lie_over_each_other() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        mine = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert not cells & mine, panel["title"]
        cells |= mine


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every bridge command that is named anywhere, with the place."""
    yield "Dockerfile", json.loads(re.findall(r"^CMD (\[.*\])$", read("Dockerfile"), re.M)[-1])
    yield "compose", documents("compose.yaml")[0]["services"]["bridge"]["command"]
    yield "kubernetes", kubernetes("Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    yield "systemd", shlex.split(unit()["Service"]["ExecStart"])[1:]
    guide = GUIDE.read_text(encoding="utf-8")
    texts = {"rules": read("prometheus/rules.yml"), "how-to": guide.replace("\n", " ")}
    texts |= {f"notice {kind}": words.to_do for kind, words in KINDS.items()}
    spans = [(place, span) for place, text in texts.items() for span in re.findall(r"`([^`]+)`", text)]
    spans += [("how-to", row.strip()) for row in guide.splitlines() if re.match("    (bridge|docker) ", row)]
    spans += [(panel["title"], part) for panel in panels() for part in re.split("[(:]", panel["description"])]
    for place, span in spans:
        for said in re.findall(r"(?:^|/|exec bridge )\s*bridge ([a-z][^#,()]*)", span):
            yield f"{place}: {span}", shlex.split(said)


def test_commands_and_options_exist() -> None:
    looked = 0
    for place, words in commands():
        command: Any = get_command(app)
        while words and words[0] in getattr(command, "commands", {}):
            command, words = command.commands[words[0]], words[1:]
        assert not hasattr(command, "commands"), f"{place}: no command"
        known_options = {option for param in command.params for option in param.opts}
        for word in words:
            assert not word.startswith("--") or word in known_options, (place, word)
        looked += 1
    assert looked > 30


def test_ports_agree() -> None:
    compose, spec = documents("compose.yaml")[0], kubernetes("Deployment")["spec"]["template"]
    container = spec["spec"]["containers"][0]
    said = {
        "EXPOSE": re.findall(r"^EXPOSE (\d+)$", read("Dockerfile"), re.M),
        "HEALTHCHECK": re.findall(r"127\.0\.0\.1:(\d+)/healthz", read("Dockerfile")),
        "compose": [port.rpartition(":")[2] for port in compose["services"]["bridge"]["ports"]],
        "prometheus": [
            target.partition(":")[2]
            for target in documents("prometheus/prometheus.yml")[0]["scrape_configs"][0]["static_configs"][0]["targets"]
        ],
        "annotation": [spec["metadata"]["annotations"]["prometheus.io/port"]],
        "container": [str(port["containerPort"]) for port in container["ports"]],
        "service": [str(port["port"]) for port in kubernetes("Service")["spec"]["ports"]],
        "policy": [str(p["port"]) for rule in kubernetes("NetworkPolicy")["spec"]["ingress"] for p in rule["ports"]],
        "how-to": re.findall(r"127\.0\.0\.1:(8\d+) ", GUIDE.read_text(encoding="utf-8")),
    }
    assert {place: set(ports) for place, ports in said.items()} == {place: {str(PORT)} for place in said}
    for service, image in (("prometheus", "prom/prometheus"), ("grafana", "grafana/grafana")):
        assert compose["services"][service]["image"].startswith(image)
    assert "http://prometheus:9090" in read("grafana/provisioning/datasources/prometheus.yml")


def test_probes_ask_pages_that_exist() -> None:
    container = kubernetes("Deployment")["spec"]["template"]["spec"]["containers"][0]
    probes = {name: probe["httpGet"]["path"] for name, probe in container.items() if name.endswith("Probe")}
    assert set(probes) == {"startupProbe", "livenessProbe", "readinessProbe"}
    pages = Health(None, None, None)._pages  # type: ignore[arg-type]
    assert set(probes.values()) <= set(pages)
    assert set(re.findall(r"^\| `(/\w+)` \|", GUIDE.read_text(encoding="utf-8"), re.M)) == set(pages)


def test_all_wait_longer_than_bridge_takes_to_stop() -> None:
    longest = RunConfig().stop_within.total_seconds()
    assert int(unit()["Service"]["TimeoutStopSec"]) > longest
    assert kubernetes("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > longest
    assert int(documents("compose.yaml")[0]["services"]["bridge"]["stop_grace_period"].removesuffix("s")) > longest


def test_the_configuration_of_kubernetes_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_STORE", "postgresql://bridge@db/bridge")
    file = tmp_path / "bridge.yaml"
    file.write_text(kubernetes("ConfigMap")["data"]["bridge.yaml"])
    config = load_config(file)
    assert config.run.listen == ("0.0.0.0", PORT)
    spec = kubernetes("Deployment")["spec"]["template"]["spec"]
    mounts = {mount["mountPath"]: mount["name"] for mount in spec["containers"][0]["volumeMounts"]}
    assert str(config.mappings) in mounts
    assert {volume["name"] for volume in spec["volumes"]} == set(mounts.values())


def test_nobody_is_root_and_versions_do_not_mix() -> None:
    assert re.search(r"^USER 10001:10001$", read("Dockerfile"), re.M)
    deployment = kubernetes("Deployment")["spec"]
    assert deployment["replicas"] > 1, "workers share a PostgreSQL store"
    assert deployment["strategy"]["type"] == "Recreate"
    container = deployment["template"]["spec"]["containers"][0]["securityContext"]
    assert container["readOnlyRootFilesystem"] is True
    assert container["allowPrivilegeEscalation"] is False
    assert deployment["template"]["spec"]["securityContext"]["runAsUser"] == 10001
    assert unit()["Service"]["User"] == "bridge"


def test_what_the_image_copies_exists_and_is_let_in() -> None:
    let_in = {line[1:] for line in read("Dockerfile.dockerignore").splitlines() if line.startswith("!")}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", read("Dockerfile"), re.M) for word in line.split()
    }
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_files_that_compose_mounts_exist() -> None:
    services = documents("compose.yaml")[0]["services"]
    for service in services.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert not source.startswith("./") or source == "./site" or (DEPLOY / source).exists(), volume


def test_no_secret_stands_in_any_of_them() -> None:
    for path in (path for path in DEPLOY.rglob("*") if path.is_file()):
        for line in path.read_text(encoding="utf-8").splitlines():
            said = re.search(r"(?i)(?<!\{)(?:password|secret|token|api_key|secretref)\w*: (.+)", line)
            if said and not line.lstrip().startswith("#"):
                assert re.match(r"\"?\$\{|\{env: |\{name: |false", said[1]), line


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = read("systemd/bridge.service").replace("/opt/bridge/bin/bridge", str(shutil.which("true")))
    (tmp_path / "bridge.service").write_text(text)
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "bridge.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    mine = [line for line in said.stderr.splitlines() if "bridge.service" in line]
    assert not mine, mine


def test_links_of_the_guide_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", GUIDE.read_text(encoding="utf-8")):
        assert (GUIDE.parent / target).resolve().exists(), target
