"""Which engines there are: INFERENCE_URL, and what `darkroom.toml` says of engines and models.

    [engines.gpu]
    url = "http://10.0.0.2:7860"
    jobs_at_once = 2

    [models.dreamer-xl]
    names = ["2", "dreamer"]

What an engine can tell about itself is asked; what is written here counts more.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import DotEnvSettingsSource
from yarl import URL

from bot.config import Settings, split_addresses
from bot.models.versions import VERSION_NAME
from bot.policy.bounds import ModelAudience
from bot.proxies import DIRECT, Proxies
from diffusion.protocol.models import MAX_NATIVE_SIDE_PX, MAX_SIZES, ModelInfo
from diffusion.protocol.requests import MAX_GUIDANCE, MAX_STEPS, SAMPLER_NAMES, SIZE
from diffusion.protocol.session import has_credentials
from diffusion.telemetry import redaction

Kind = Literal["darkroom", "openai", "comfyui"]
"""Which language an engine speaks."""

KINDS: tuple[Kind, ...] = ("darkroom", "openai", "comfyui")

Parameter = Literal[
    "negative_prompt", "guidance_scale", "num_inference_steps", "sampler", "seed", "image", "mask"
]
"""A parameter of a request that not every model knows, as the API calls it."""

MAX_JOBS_AT_ONCE = 64

DiscordId = Annotated[int, Field(ge=1, lt=1 << 63)]


class InvalidConfiguration(Exception):
    """`darkroom.toml` or INFERENCE_URL is wrong; the message says where, and what to write."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelConfig(_Section):
    """What `[models.ID]` says of a model, on whichever engine; None where it says nothing.

    `names` are its names for `--v` and `--niji`. `sizes` are the only sizes that it draws.
    `parameters` are those it knows of the ones that not every model knows. The roles, members and
    servers are Discord's ids: only they may use the model, if any are named.
    """

    names: tuple[str, ...] = ()
    title: str | None = None
    maker: str | None = None
    licence: str | None = None
    native_size: Annotated[int, Field(ge=8, le=MAX_NATIVE_SIDE_PX)] | None = None
    sizes: Annotated[tuple[str, ...], Field(max_length=MAX_SIZES)] | None = None
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)] | None = None
    guidance_scale: Annotated[float, Field(ge=0, le=MAX_GUIDANCE)] | None = None
    sampler: str | None = None
    parameters: tuple[Parameter, ...] | None = None
    styles: dict[str, str] | None = None
    roles: tuple[DiscordId, ...] = ()
    members: tuple[DiscordId, ...] = ()
    servers: tuple[DiscordId, ...] = ()

    @property
    def is_restricted(self) -> bool:
        return bool(self.roles or self.members or self.servers)

    @property
    def audience(self) -> ModelAudience:
        """For whom the model is there."""
        return ModelAudience(
            frozenset(self.roles), frozenset(self.members), frozenset(self.servers)
        )

    @field_validator("names")
    @classmethod
    def _check_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not VERSION_NAME.fullmatch(name):
                raise ValueError(f"“{name}” must be of letters, digits, points and dashes")
        return tuple(name.lower() for name in names)

    @field_validator("sizes")
    @classmethod
    def _check_sizes(cls, sizes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for size in sizes or ():
            if not SIZE.fullmatch(size):
                raise ValueError(f"“{size}” must look like 1024x1536")
        return sizes

    @field_validator("sampler")
    @classmethod
    def _check_sampler(cls, sampler: str | None) -> str | None:
        if sampler is not None and sampler not in SAMPLER_NAMES:
            raise ValueError(f"“{sampler}” must be one of {', '.join(SAMPLER_NAMES)}")
        return sampler

    @field_validator("styles")
    @classmethod
    def _check_styles(cls, styles: dict[str, str] | None) -> dict[str, str] | None:
        for name, template in (styles or {}).items():
            if "{prompt}" not in template:
                raise ValueError(f"the style “{name}” must have {{prompt}} in its text")
        return styles

    def apply(self, model: ModelInfo) -> ModelInfo:
        """The model as the engine tells of it, with what is configured in its place."""
        said: dict[str, Any] = {
            name: getattr(self, name)
            for name in (
                "title",
                "maker",
                "licence",
                "native_size",
                "sizes",
                "steps",
                "guidance_scale",
                "sampler",
                "styles",
            )
            if getattr(self, name) is not None
        }
        if self.parameters is not None:
            known = frozenset(self.parameters)
            said |= {
                "negative_prompts": "negative_prompt" in known,
                "fixed_steps": "num_inference_steps" not in known,
                "seeds": "seed" in known,
                "samplers": model.samplers and "sampler" in known,
                "edits": "image" in known,
                "masks": "mask" in known,
            }
            if "guidance_scale" not in known:
                said["guidance"] = "none"
        return replace(model, **said)


class EngineConfig(_Section):
    """What `[engines.NAME]` says of an engine.

    Without `kind`, the engine itself is asked. `key_env` names the environment variable, or the
    line of `.env`, that holds the key. Without `jobs_at_once`, DARKROOM_JOBS_AT_ONCE counts.
    """

    url: SecretStr
    kind: Kind | None = None
    key: SecretStr | None = None
    key_env: str | None = None
    jobs_at_once: Annotated[int, Field(ge=1, le=MAX_JOBS_AT_ONCE)] | None = None

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        split_kind(url.get_secret_value())
        return url

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if self.key is not None and self.key_env is not None:
            raise ValueError("set key or key_env, not both")
        prefixed, _ = split_kind(self.url.get_secret_value())
        if self.kind is not None and prefixed not in (None, self.kind):
            raise ValueError(f"its address says {prefixed} and its kind {self.kind}: leave one out")
        has_key = self.key is not None or self.key_env is not None
        if has_key and has_credentials(self.url.get_secret_value()):
            raise ValueError(
                "url has a user and a password, and both go into the same header as the key: "
                "leave one out"
            )
        return self


class _ConfigFile(_Section):
    engines: dict[str, EngineConfig] = Field(default_factory=dict)
    models: dict[str, ModelConfig] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        owners: dict[str, str] = {}
        for model_id, model in self.models.items():
            for name in model.names:
                other = owners.setdefault(name, model_id)
                if other != model_id:
                    raise ValueError(f"the models {other} and {model_id} are both named “{name}”")
        return self


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """One engine, with all that is needed to reach it. `kind` is None where it is to be asked."""

    name: str
    """Its name in the file, or its host and port."""
    title: str | None
    """What members may know of the name: not where it is."""
    url: str
    """May hold a user and a password: never show it."""
    kind: Kind | None
    key: str | None
    jobs_at_once: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """The engines in their order, and the models by their ids. No engines: start our own."""

    engines: tuple[EngineAddress, ...]
    models: Mapping[str, ModelConfig]
    workflows: Path | None = None
    """The folder with the operator's own workflows for ComfyUI."""
    proxies: Proxies = DIRECT
    """The proxies through which engines are reached."""

    @property
    def named_versions(self) -> dict[str, str]:
        """Ids of models by their names for `--v`."""
        return {name: id for id, model in self.models.items() for name in model.names}

    def apply(self, model: ModelInfo) -> ModelInfo:
        """The model with what is configured in place of what its engine says."""
        config = self.models.get(model.id)
        return config.apply(model) if config else model


def read_configuration(settings: Settings) -> Configuration:
    """Read INFERENCE_URL and the configuration file. Raises InvalidConfiguration."""
    file = _read_file(settings.config)
    addresses: dict[str, EngineAddress] = {}
    for name, engine in file.engines.items():
        prefixed, url = split_kind(engine.url.get_secret_value())
        addresses[name] = EngineAddress(
            name,
            name,
            url,
            engine.kind or prefixed,
            _key_of(name, engine),
            engine.jobs_at_once or settings.jobs_at_once,
        )
    for typed in split_addresses(settings.inference_url or ""):
        try:
            kind, url = split_kind(typed)
        except ValueError as error:
            raise InvalidConfiguration(f"INFERENCE_URL: {error}") from error
        known = next((one for one in addresses.values() if _same(one.url, url)), None)
        if known is None:
            name = _free_name(url, addresses)
            addresses[name] = EngineAddress(
                name, None, url, kind, settings.api_key, settings.jobs_at_once
            )
        else:
            key = None if has_credentials(known.url) else known.key or settings.api_key
            addresses[known.name] = replace(known, kind=known.kind or kind, key=key)
    for address in addresses.values():
        redaction.hide((address.key,))
        redaction.hide_password(address.url)
    return Configuration(
        tuple(addresses.values()), file.models, settings.workflows, settings.proxies
    )


def split_kind(typed: str) -> tuple[Kind | None, str]:
    """The kind that `comfyui+http://…` names, None without one, and the address. Raises ValueError.

    What is typed is not repeated in the error: it may hold a password.
    """
    scheme, _, rest = typed.partition("://")
    name, plus, scheme = scheme.lower().rpartition("+")
    kind = next((kind for kind in KINDS if kind == name), None)
    if plus and kind is None:
        raise ValueError(f"an address may begin with {', '.join(f'{kind}+' for kind in KINDS)}")
    url = f"{scheme}://{rest}"
    try:
        host = URL(url).host
    except ValueError:
        host = None
    if scheme not in ("http", "https") or not host:
        raise ValueError("an address must look like http://10.0.0.2:7860")
    return kind, url


def _read_file(path: Path | None) -> _ConfigFile:
    """Read the file in the settings, or `darkroom.toml` if there is one here."""
    file = path or Path("darkroom.toml")
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if path is None:
            return _ConfigFile()
        raise InvalidConfiguration(f"DARKROOM_CONFIG: there is no file {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfiguration(f"{file} cannot be read: {error}") from error
    try:
        return _ConfigFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfiguration(f"{file} is no TOML: {error}") from error
    except ValidationError as error:
        raise InvalidConfiguration(f"{file}: {_first_of(error)}") from error


def _first_of(error: ValidationError) -> str:
    """The first mistake in words; what was written there is not repeated."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"There is no setting {place}."
    if first["type"] == "missing":
        return f"{place} is missing."
    said = first["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said


def _key_of(name: str, engine: EngineConfig) -> str | None:
    if engine.key is not None:
        return engine.key.get_secret_value()
    if engine.key_env is None:
        return None
    in_file = DotEnvSettingsSource(Settings, env_file=Settings.model_config["env_file"]).env_vars
    key = os.environ.get(engine.key_env) or in_file.get(engine.key_env.lower())
    if not key:
        raise InvalidConfiguration(
            f"engines.{name}.key_env: the environment variable {engine.key_env} is not set."
        )
    return key


def _same(one: str, other: str) -> bool:
    """Whether two addresses are of one server, whatever logins they have."""
    first, second = (URL(url).with_user(None) for url in (one, other))
    return str(first).rstrip("/").removesuffix("/v1") == str(second).rstrip("/").removesuffix("/v1")


def _free_name(url: str, taken: Mapping[str, object]) -> str:
    """The host of an address and its port, and a number if an engine there has the name."""
    parsed = URL(url)
    place = f"{parsed.host}:{parsed.explicit_port}" if parsed.explicit_port else f"{parsed.host}"
    number = 1
    name = place
    while name in taken:
        number += 1
        name = f"{place} ({number})"
    return name
