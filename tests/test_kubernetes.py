"""The files for Kubernetes by reading: what they name is there, in the image and in each other."""

import itertools
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_docs import environment_names

FOLDER = Path(__file__).parent.parent / "deploy" / "kubernetes"
FILES = sorted(FOLDER.glob("*.yaml"))
DOCUMENTS = [one for file in FILES for one in yaml.safe_load_all(file.read_text())]
BY_KIND = {one["kind"]: one for one in DOCUMENTS}


def containers() -> Iterator[dict[str, Any]]:
    cluster = BY_KIND["RayService"]["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"], BY_KIND["Deployment"]["spec"]]
    for group in groups:
        yield from group["template"]["spec"]["containers"]


def test_all_parts_are_there() -> None:
    assert len(BY_KIND) == len(DOCUMENTS)
    assert set(BY_KIND) == {
        "Cluster",
        "Deployment",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "RayService",
        "Secret",
    }


def test_each_secret_that_is_named_has_its_key() -> None:
    ours = BY_KIND["Secret"]["stringData"]
    made = f"{BY_KIND['Cluster']['metadata']['name']}-app"
    for container in containers():
        for variable in container["env"]:
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference is None:
                assert not any(word in variable["name"] for word in ("TOKEN", "KEY", "PASSWORD"))
            elif reference["name"] == BY_KIND["Secret"]["metadata"]["name"]:
                assert reference["key"] == variable["name"]
                assert variable["name"] in ours
            else:
                assert (reference["name"], reference["key"]) == (made, "uri")
    assert not any(ours.values()), "no secret is kept here"


def test_settings_are_ours_or_rays() -> None:
    ours = environment_names() | {"HF_TOKEN", "HOME"}
    for container in containers():
        names = {variable["name"] for variable in container["env"]}
        assert {name for name in names if not name.startswith("RAY_")} <= ours


def test_the_bot_asks_the_service_that_kuberay_makes() -> None:
    (bot,) = BY_KIND["Deployment"]["spec"]["template"]["spec"]["containers"]
    (url,) = [one["value"] for one in bot["env"] if one["name"] == "INFERENCE_URL"]
    service = BY_KIND["RayService"]
    served = yaml.safe_load(service["spec"]["serveConfigV2"])
    port = served["http_options"]["port"]
    assert url == f"http://{service['metadata']['name']}-serve-svc:{port}"
    for container in containers():
        for named in container["ports"]:
            if named["name"] == "serve":
                assert named["containerPort"] == port


def test_probes_ask_what_answers() -> None:
    (bot,) = BY_KIND["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert bot["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert bot["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
    (metrics,) = bot["ports"]
    values = {one["name"]: one.get("value") for one in bot["env"]}
    assert values["DARKROOM_METRICS_PORT"] == str(metrics["containerPort"])
    assert values["DARKROOM_METRICS_HOST"] == "0.0.0.0", "a pod's probes come from outside"


def test_every_container_is_confined() -> None:
    for container in containers():
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_ray_is_the_version_that_was_tested() -> None:
    version = BY_KIND["RayService"]["spec"]["rayClusterConfig"]["rayVersion"]
    constraints = (FOLDER.parent.parent / "constraints.txt").read_text().split()
    assert f"ray=={version}" in constraints


def policies_for_prometheus() -> Iterator[dict[str, Any]]:
    """Those in the files once the blocks in comments are taken in."""
    for file in FILES:
        before, found, after = file.read_text().partition("# For Prometheus")
        if found:
            lines = after.split("\n")
            block = itertools.takewhile(lambda line: line.lstrip().startswith("#"), lines[1:])
            rest = [line.replace("# ", "", 1) for line in block]
            text = "\n".join([before, *rest, *lines[1 + len(rest) :]])
            documents = yaml.safe_load_all(text)
            yield next(one for one in documents if one["kind"] == "NetworkPolicy")


def test_prometheus_can_be_let_to_the_metrics_of_engines_and_of_the_bot() -> None:
    opened = {one["metadata"]["name"]: one["spec"] for one in policies_for_prometheus()}
    assert set(opened) == {"darkroom-engines", "darkroom-bot"}
    from_prometheus = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ]
    served = yaml.safe_load(BY_KIND["RayService"]["spec"]["serveConfigV2"])
    port = served["http_options"]["port"]
    rule = {"from": from_prometheus, "ports": [{"port": port}]}
    kept = BY_KIND["NetworkPolicy"]["spec"]["ingress"]
    assert opened["darkroom-engines"]["ingress"] == [kept[0], rule, *kept[1:]]
    bot = BY_KIND["Deployment"]["spec"]["template"]
    assert opened["darkroom-bot"]["podSelector"]["matchLabels"] == bot["metadata"]["labels"]
    (metrics,) = bot["spec"]["containers"][0]["ports"]
    rule = {"from": from_prometheus, "ports": [{"port": metrics["name"]}]}
    assert opened["darkroom-bot"]["ingress"] == [rule]


@pytest.mark.fleet
@pytest.mark.skipif(find_spec("kubernetes_validate") is None, reason="`make fleet` installs it")
def test_kubernetes_own_schemas_take_the_policies_for_prometheus() -> None:
    import kubernetes_validate

    for policy in policies_for_prometheus():
        kubernetes_validate.validate(policy, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.fleet
@pytest.mark.skipif(find_spec("kubernetes_validate") is None, reason="`make fleet` installs it")
@pytest.mark.parametrize("kind", ["Deployment", "NetworkPolicy", "PersistentVolumeClaim", "Secret"])
def test_kubernetes_own_schemas_take_them(kind: str) -> None:
    import kubernetes_validate

    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(BY_KIND[kind], version, strict=True)


@pytest.mark.fleet
@pytest.mark.skipif(find_spec("kubernetes_validate") is None, reason="`make fleet` installs it")
def test_kubernetes_own_schemas_take_the_pods_of_engines() -> None:
    import kubernetes_validate

    cluster = BY_KIND["RayService"]["spec"]["rayClusterConfig"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "engine"},
            "spec": group["template"]["spec"],
        }
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
