"""The compose files, the Dockerfile and the locks by reading: what they need, promise and pin."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_docs import environment_names

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
LOCKS = ("requirements.lock", "requirements-torch.lock", "requirements-fleet.lock")


class ComposeLoader(yaml.SafeLoader):
    """YAML with Compose's own `!reset`, which takes a value of the lower file away, and
    `!override`, which replaces it."""


ComposeLoader.add_constructor("!reset", lambda loader, node: None)
ComposeLoader.add_constructor(
    "!override", lambda loader, node: loader.construct_sequence(node, deep=True)
)


def read(name: str) -> dict[str, Any]:
    content = yaml.load((ROOT / name).read_text(), Loader=ComposeLoader)
    assert isinstance(content, dict)
    return content


COMPOSE = read("docker-compose.yml")
SERVICES = COMPOSE["services"]


def test_every_part_is_there_and_started_again() -> None:
    assert set(SERVICES) == {"bot", "inference", "postgres"}
    assert {service["restart"] for service in SERVICES.values()} == {"unless-stopped"}


def test_the_bot_waits_for_a_healthy_database() -> None:
    assert "pg_isready" in SERVICES["postgres"]["healthcheck"]["test"]
    assert SERVICES["bot"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_bot_and_inference_are_asked_whether_they_are_ready() -> None:
    """At the ports that they are given."""
    bot, inference = SERVICES["bot"], SERVICES["inference"]
    port = bot["environment"]["DARKROOM_METRICS_PORT"]
    assert f"http://127.0.0.1:{port}/readyz" in bot["healthcheck"]["test"][-1]
    port = inference["command"][inference["command"].index("--port") + 1]
    assert f"http://127.0.0.1:{port}/readyz" in inference["healthcheck"]["test"][-1]
    for script in (bot["healthcheck"]["test"], inference["healthcheck"]["test"]):
        assert script[:3] == ["CMD", "python", "-c"]
        compile(script[3], "healthcheck", "exec")


def test_what_is_kept_lies_in_volumes() -> None:
    for service, volume in (
        ("bot", "pictures"),
        ("inference", "cache"),
        ("postgres", "database"),
    ):
        assert any(mount.startswith(f"{volume}:") for mount in SERVICES[service]["volumes"])
        assert volume in COMPOSE["volumes"]


def test_inference_reserves_a_gpu_and_the_cpu_file_takes_it_away() -> None:
    (device,) = SERVICES["inference"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    cpu = read("docker-compose.cpu.yml")
    assert cpu == {"services": {"inference": {"deploy": None}}}


def test_the_fleet_file_has_inference_be_a_fleet_on_all_gpus() -> None:
    (name, service), *others = read("docker-compose.fleet.yml")["services"].items()
    assert (name, others) == ("inference", [])
    assert service["build"]["args"] == {"FLEET": "1"}
    assert service["image"] != SERVICES["inference"]["image"], "bot's image stays without Ray"
    place = SERVICES["inference"]["command"][1:]
    assert service["command"] == ["fleet", *place]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device["count"] == "all"
    # Where nothing else can be written, Ray's token lies in the volume and its sessions in memory.
    home = service["environment"]["HOME"]
    assert f"cache:{home}" in SERVICES["inference"]["volumes"]
    assert re.fullmatch(r"/tmp:size=\d+g", service["tmpfs"][0])
    assert 0 < service["pids_limit"] <= 4096


def test_what_the_example_names_reaches_a_container() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE))
    assert named == set(re.findall(r"\$\{([A-Z0-9_]+)", text))


def test_every_setting_reaches_a_container() -> None:
    # Addresses and files in the image are as they are; the playground is for one machine.
    fixed = {"DISCORD_URL", "DARKROOM_CONFIG", "DARKROOM_WORKFLOWS", "DARKROOM_DATA"}
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert environment_names() - fixed - {"PLAYGROUND_PORT"} <= given


def test_commands_are_those_of_the_image() -> None:
    assert 'ENTRYPOINT ["darkroom"]' in (ROOT / "Dockerfile").read_text()
    assert SERVICES["bot"]["command"][0] == "bot"
    assert SERVICES["inference"]["command"][0] == "inference"


def test_secrets_come_from_the_environment_and_the_example_names_them() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    example = (ROOT / ".env.example").read_text()
    for name in ("DISCORD_TOKEN", "POSTGRES_PASSWORD", "INFERENCE_API_KEY"):
        # Without the secret Compose stops with a sentence, rather than start with an empty one.
        assert f"${{{name}:?Set {name} in .env}}" in text
        assert re.search(rf"^{name}=$", example, re.MULTILINE)
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if re.search("TOKEN|PASSWORD|KEY", name):
                assert value.startswith("${")


def test_inference_listens_beyond_its_container_with_a_key() -> None:
    command, environment = (SERVICES["inference"][part] for part in ("command", "environment"))
    assert "--no-key" not in command
    assert environment["INFERENCE_API_KEY"] == SERVICES["bot"]["environment"]["INFERENCE_API_KEY"]


def test_only_the_bot_gets_the_token() -> None:
    assert [name for name, s in SERVICES.items() if "DISCORD_TOKEN" in s["environment"]] == ["bot"]


@pytest.mark.parametrize("name", list(SERVICES))
def test_every_container_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\$\{[A-Z_]+:-\d+g\}", service["mem_limit"])
    assert 0 < service["pids_limit"] <= 1024
    options = service["logging"]["options"]
    assert re.fullmatch(r"\d+m", options["max-size"])
    assert int(options["max-file"]) > 1
    # What is in memory is bounded as well.
    assert service["tmpfs"]
    assert all(re.fullmatch(r"/[\w/]+:size=\d+[mg]", mount) for mount in service["tmpfs"])
    assert "ports" not in service


def test_nobody_is_root() -> None:
    assert SERVICES["postgres"]["user"] == "postgres"
    *_, last = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert last == "darkroom"


def test_what_must_be_written_lies_where_it_can_be() -> None:
    """The root is read-only: volumes and memory alone take files."""
    for name, folders in {
        "bot": ["/tmp", "/app/data"],
        "inference": ["/tmp", "/home/darkroom/.cache"],
        "postgres": ["/tmp", "/var/run/postgresql", "/var/lib/postgresql/data"],
    }.items():
        mounts = [mount.partition(":")[0] for mount in SERVICES[name]["tmpfs"]]
        mounts += [
            mount.split(":")[1] for mount in SERVICES[name]["volumes"] if not mount.endswith(":ro")
        ]
        assert sorted(mounts) == sorted(folders)
    for name, place in SERVICES["inference"]["environment"].items():
        if name.endswith(("_DIR", "_PATH")):
            assert place.startswith("/home/darkroom/.cache/")


def test_each_reaches_only_whom_it_talks_to() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    assert networks["postgres"] & networks["bot"]
    assert networks["inference"] & networks["bot"]
    assert not networks["postgres"] & networks["inference"]
    for shared in (networks["postgres"], networks["inference"] & networks["bot"]):
        assert all(COMPOSE["networks"][name] == {"internal": True} for name in shared)
    assert set(COMPOSE["networks"]) == set().union(*networks.values())


def test_images_can_be_pinned_from_the_environment() -> None:
    assert SERVICES["postgres"]["image"].startswith("${POSTGRES_IMAGE:-")
    for name in ("bot", "inference"):
        for argument, value in SERVICES[name]["build"]["args"].items():
            assert value.startswith(f"${{{argument}:-")
            assert f"\nARG {argument}=" in DOCKERFILE
    assert re.findall("^FROM .*", DOCKERFILE, re.MULTILINE) == ["FROM ${PYTHON_IMAGE}"]


# The locks.


def locked() -> dict[str, tuple[str, list[str]]]:
    """Versions and hashes by name, of both files."""
    entries: dict[str, tuple[str, list[str]]] = {}
    for name in LOCKS:
        text = (ROOT / name).read_text()
        for entry in re.findall(r"^\S+==(?:.|\n )+", text, re.MULTILINE):
            package, version = re.match(r"(\S+)==(\S+)", entry).groups()  # type: ignore[union-attr]
            assert package not in entries
            entries[package] = version, re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry)
    return entries


def test_every_package_of_the_image_has_its_hashes() -> None:
    for package, (_, hashes) in locked().items():
        assert hashes, package


def test_the_image_has_the_versions_that_were_tested() -> None:
    tested = {}
    for line in (ROOT / "constraints.txt").read_text().split():
        name, _, version = line.partition("==")
        tested[canonicalize_name(name)] = version
    for package, (version, _) in locked().items():
        if package in tested:
            assert version == tested[package], package
        else:  # what only Linux with CUDA has, and what builds
            assert re.match("nvidia-|cuda-|triton$|setuptools$", package), package


def test_all_that_is_needed_is_locked() -> None:
    """By what the installed packages themselves say that they need, on Linux."""
    versions = {package: version for package, (version, _) in locked().items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["openvino"],
        *project["project"]["optional-dependencies"]["telemetry"],
        *project["project"]["optional-dependencies"]["fleet"],
        *project["build-system"]["requires"],
    ]
    seen: set[tuple[str, frozenset[str]]] = set()
    environment = {"sys_platform": "linux", "platform_system": "Linux", "python_version": "3.11"}
    while needed:
        requirement = Requirement(needed.pop())
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is needed; run .ci/lock.py"
        assert requirement.specifier.contains(versions[name]), name
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        try:
            further = requires(name) or []
        except PackageNotFoundError:  # of CUDA, which is not installed everywhere
            continue
        for line in further:
            marker = Requirement(line).marker
            extras = requirement.extras or {""}
            if marker is None or any(marker.evaluate({**environment, "extra": e}) for e in extras):
                needed.append(line)


def test_nothing_is_installed_without_its_hash_but_torch_from_another_index() -> None:
    commands = re.findall(r"pip install (.*?)(?=\\?\n)", DOCKERFILE)
    for command in commands:
        assert "--no-deps" in command
        if "$TORCH_INDEX" not in command and "--no-index" not in command:
            assert "--require-hashes" in command
    assert len(commands) == 5
    for name in LOCKS:
        assert name in DOCKERFILE
        assert f"!{name}" in (ROOT / ".dockerignore").read_text().split()


def test_the_image_takes_no_secret_and_no_data_along() -> None:
    taken = (ROOT / ".dockerignore").read_text().split()
    assert taken[0] == "*"
    assert not {"!data", "!.env", "!.git"} & set(taken)
