"""The fleet as an application of Ray Serve: the ingress, and a deployment for each model.

`darkroom fleet` deploys it. `build` is for Serve's configuration files, as KubeRay has them:

    import_path: diffusion.fleet.application:build
    args: {models: [/models/sdxl.safetensors], gpus: 1, min_replicas: 1, max_replicas: 4}
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from ray import serve
from ray.serve import Application
from ray.serve.config import AutoscalingConfig

from diffusion.environment import DEFAULTS
from diffusion.fleet.deployment import IngressDeployment
from diffusion.fleet.placement import DEFAULT_IDLE_S, UNMEASURED_REQUESTS_AT_ONCE, Placement
from diffusion.fleet.replica import EngineReplica
from diffusion.server.admission.origins import read_origins

APPLICATION = "darkroom"

UPSCALE_DELAY_S = 5.0
"""How long there are too many requests before another replica is started."""

GRACE_S = 120.0
"""How long a replica that is no longer needed may finish what it draws."""

INGRESS_MAX_REQUESTS = 2048
"""More than the ingress's own bounds, which refuse with an answer."""

INHERITED = (
    "DARKROOM_LORAS",
    "DARKROOM_DTYPE",
    "DARKROOM_BACKEND",
    "DARKROOM_COMPILE",
    "DARKROOM_MODEL_ALIASES",
    "DARKROOM_LOG_FORMAT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
)
"""Settings that replicas on all machines have from here. None is secret: Ray shows them."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model to serve: its folder, file or hub name, empty for the embedded one.

    `backend` is what runs the U-Net of all replicas; None leaves it to each machine. A replica is
    stopped after `idle_s` seconds in which fewer would have been enough.
    """

    model: str
    placement: Placement
    requests_at_once: int
    is_rare: bool = False
    backend: str | None = None
    idle_s: float = DEFAULT_IDLE_S


@dataclass(frozen=True, slots=True)
class IngressSettings:
    """The settings of the one address. `replicas` of the ingress are on as many machines."""

    api_key: str | None = None
    host: str = "127.0.0.1"
    aliases: Sequence[str] = ()
    origins: Sequence[str] = ()
    replicas: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)


def fleet(models: Sequence[ServedModel], ingress: IngressSettings) -> Application:
    """The application with these models, the first of which is used where none is named."""
    environment = {**DEFAULTS, **ingress.environment}
    link_secret = _link_secret(ingress.api_key)
    served = [_model(number, one, environment, link_secret) for number, one in enumerate(models)]
    described = [(one.model or "the embedded model", one.is_rare) for one in models]
    deployed = serve.deployment(IngressDeployment).options(
        name="ingress",
        num_replicas=ingress.replicas,
        max_replicas_per_node=1 if ingress.replicas > 1 else None,
        max_ongoing_requests=INGRESS_MAX_REQUESTS,
        graceful_shutdown_timeout_s=GRACE_S,
        # It waits for others nearly all the time.
        ray_actor_options={"num_cpus": 0, "runtime_env": {"env_vars": environment}},
    )
    application: Application = deployed.bind(
        described,
        ingress.api_key,
        ingress.host,
        link_secret,
        tuple(ingress.aliases),
        tuple(ingress.origins),
        *served,
    )
    return application


def settings_here(
    api_key: str | None, host: str, origins: Sequence[str], replicas: int = 1
) -> IngressSettings:
    """The ingress's settings, with the environment of this process for all replicas."""
    aliases = os.environ.get("DARKROOM_MODEL_ALIASES", "").split(",")
    return IngressSettings(
        api_key,
        host,
        tuple(filter(None, map(str.strip, aliases))),
        tuple(origins),
        replicas,
        environment={name: os.environ[name] for name in INHERITED if os.environ.get(name)},
    )


def _link_secret(api_key: str | None) -> bytes:
    """What links to pictures are signed with, by all replicas.

    The same after each start: Serve would replace all replicas for another one. It is made slowly,
    because whoever has a link could try many keys.
    """
    salt = b"links to pictures"
    return hashlib.scrypt((api_key or "").encode(), salt=salt, n=1 << 14, r=8, p=1, dklen=32)


def _model(
    number: int, served: ServedModel, environment: Mapping[str, str], link_secret: bytes
) -> Any:
    placement, environment = served.placement, dict(environment)
    if served.backend:
        environment["DARKROOM_BACKEND"] = served.backend
    options: dict[str, Any] = {"num_replicas": placement.min_replicas}
    if placement.min_replicas != placement.max_replicas:
        options = {
            "autoscaling_config": AutoscalingConfig(
                min_replicas=placement.min_replicas,
                # A rare model is started once, so that the ingress learns what it is.
                initial_replicas=max(1, placement.min_replicas),
                max_replicas=placement.max_replicas,
                target_ongoing_requests=served.requests_at_once,
                upscale_delay_s=UPSCALE_DELAY_S,
                downscale_delay_s=served.idle_s,
            )
        }
    deployed = serve.deployment(EngineReplica).options(
        # Names of files have characters that a deployment's may not have.
        name=f"model-{number}",
        max_ongoing_requests=served.requests_at_once,
        graceful_shutdown_timeout_s=GRACE_S,
        ray_actor_options={
            "num_cpus": placement.cpus,
            "num_gpus": placement.gpus,
            "runtime_env": {"env_vars": environment},
        },
        **options,
    )
    return deployed.bind(served.model, placement.threads, link_secret)


class Arguments(BaseModel):
    """What a configuration file of Serve says, as `args` of the application."""

    model_config = ConfigDict(extra="forbid")

    models: list[str] = Field(default_factory=lambda: [""], min_length=1)
    rare: list[str] = []
    gpus: float = Field(1.0, ge=0)
    cpus: float = Field(1.0, ge=0)
    threads: int | None = Field(None, ge=1)
    min_replicas: int = Field(1, ge=0)
    max_replicas: int = Field(1, ge=1)
    requests_at_once: int = Field(UNMEASURED_REQUESTS_AT_ONCE, ge=1)
    idle_s: float = Field(DEFAULT_IDLE_S, ge=0)
    ingress_replicas: int = Field(
        1, ge=1, validation_alias=AliasChoices("ingress_replicas", "doors")
    )
    host: str = "0.0.0.0"
    no_key: bool = False


def build(args: Arguments) -> Application:
    """The application of a configuration file. The key is that of the head's environment.

    Raises ValueError where no key is set and `no_key` does not say that none is wanted.
    """
    api_key = os.environ.get("INFERENCE_API_KEY") or None
    if api_key is None and not args.no_key:
        raise ValueError("Set INFERENCE_API_KEY, or no_key if everybody may draw.")
    allowed = os.environ.get("DARKROOM_CORS_ORIGINS", "")
    origins = sorted(read_origins(allowed, api_key, args.no_key))
    models = [
        ServedModel(
            model,
            Placement(
                args.gpus,
                args.cpus,
                args.threads,
                0 if model in args.rare else args.min_replicas,
                max(args.max_replicas, args.min_replicas),
            ),
            args.requests_at_once,
            model in args.rare,
            idle_s=args.idle_s,
        )
        for model in args.models
    ]
    return fleet(models, settings_here(api_key, args.host, origins, args.ingress_replicas))
