"""The compose files by reading: what they need, what they promise, and that they hold no secret."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent


class ComposeLoader(yaml.SafeLoader):
    """YAML with Compose's own `!reset`, which takes a value of the lower file away."""


ComposeLoader.add_constructor("!reset", lambda loader, node: None)


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


def test_what_the_example_names_reaches_a_container() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert named == set(re.findall(r"\$\{([A-Z_]+)", text))


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


def test_the_image_takes_no_secret_and_no_data_along() -> None:
    taken = (ROOT / ".dockerignore").read_text().split()
    assert taken[0] == "*"
    assert not {"!data", "!.env", "!.git"} & set(taken)
