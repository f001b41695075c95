"""Settings from the environment and from a file `.env`. README lists them; a test compares."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.proxies import Proxies, read_proxy
from bot.shard_range import ShardRange
from diffusion.protocol.session import has_credentials
from storage.picture_place import PicturePlace

_NEXT_ADDRESS = re.compile(r"[\s,]+(?=[a-z+]+://)", re.IGNORECASE)
"""Between two addresses. A comma alone may stand in a password."""


class Settings(BaseSettings):
    """Every setting Darkroom reads, under the name it has in the environment."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    discord_token: SecretStr | None = Field(
        None, description="The bot's token. Without one, the playground stands in for Discord."
    )
    discord_url: str | None = Field(
        None, description="The address of a stand-in for Discord. Default: Discord itself."
    )
    discord_proxy: SecretStr | None = Field(
        None,
        description="The HTTP proxy for Discord alone, such as `http://user:password@10.0.0.2:3128`."
        " Default: `HTTPS_PROXY`.",
    )
    https_proxy: SecretStr | None = Field(
        None,
        description="The HTTP proxy for all `https` addresses: Discord, members' links, engines. "
        "Default: none.",
    )
    http_proxy: SecretStr | None = Field(
        None, description="The HTTP proxy for engines with `http` addresses. Default: none."
    )
    no_proxy: str = Field(
        "",
        description="Hosts and domains that are reached without these proxies, with commas between "
        "them. This machine itself always is.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="`sqlite:///FILE` or `postgresql://…`. Default: an SQLite file in the "
        "data folder.",
    )
    inference_url: str | None = Field(
        None,
        description="The address of an inference server, or several with commas between them, "
        "with `user:password@` before the host if it asks for a login, and `openai+` or "
        "`comfyui+` in front for servers of these kinds. Default: Darkroom starts its own.",
    )
    inference_api_key: SecretStr | None = Field(
        None, description="The key that the servers in `INFERENCE_URL` ask for, if any."
    )
    config: Path | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_CONFIG"),
        description="A file that says more about engines and models. Default: `darkroom.toml` "
        "in the working directory, if there is one.",
    )
    model: str | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_MODEL"),
        description="The model: a folder in diffusers' layout, a `.safetensors` file, or a "
        "name on the Hugging Face hub. Default: the embedded model.",
    )
    loras: str | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_LORAS"),
        description="A folder with LoRA files. Each LoRA is named after its file.",
    )
    dtype: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        validation_alias=AliasChoices("DARKROOM_DTYPE"),
        description="The number type of the model: `float32`, `bfloat16`, or `auto` "
        "(bfloat16 if the hardware supports it).",
    )
    backend: Literal["auto", "torch", "openvino"] = Field(
        "auto",
        validation_alias=AliasChoices("DARKROOM_BACKEND"),
        description="What runs the U-Net and the autoencoder on a processor: `torch`, `openvino` "
        "(if it is installed), or `auto` (the faster one, measured at the first start).",
    )
    compiled: bool = Field(
        False,
        validation_alias=AliasChoices("DARKROOM_COMPILE"),
        description="`1` compiles the U-Net: slow at first, and it should be faster on a GPU "
        "afterwards.",
    )
    versions: str = Field(
        "",
        validation_alias=AliasChoices("DARKROOM_VERSIONS"),
        description="Names of models for `--v`, such as `1=darkroom-mini, niji=anime`. "
        "Default: the models are numbered from 1.",
    )
    model_aliases: str | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_MODEL_ALIASES"),
        description="Other names that inference takes for its model, for clients that know "
        "OpenAI's models only: `dall-e-*, gpt-image-*`. Default: none.",
    )
    cors_origins: str | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_CORS_ORIGINS"),
        description="Websites whose pages may use inference, such as `https://a.example, "
        "http://localhost:3000`, or `*` for all. Default: none.",
    )
    workflows: Path | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_WORKFLOWS"),
        description="A folder with your own workflows for ComfyUI; see docs/comfyui.md.",
    )
    data_folder: Path = Field(
        Path("data"),
        validation_alias=AliasChoices("DARKROOM_DATA"),
        description="The folder for pictures and the SQLite database. Default: `data`.",
    )
    data_budget: str | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_DATA_BUDGET"),
        description="How large the data folder may become, such as `20 GB`: the log warns at 90 %, "
        "and when it is full no new jobs are taken. Default: as large as its disk.",
    )
    pictures: str | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_PICTURES"),
        description="Where pictures are kept: a folder, or an object store such as "
        "`s3://bucket/prefix`, `gs://bucket` or `az://container` (docs/object-store.md). "
        "Default: `pictures` in the data folder.",
    )
    jobs_at_once: int = Field(
        4,
        ge=1,
        le=64,
        validation_alias=AliasChoices("DARKROOM_JOBS_AT_ONCE"),
        description="How many jobs the bot sends to an engine at a time. Default: 4.",
    )
    shards: str | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_SHARDS"),
        description="The shards that this process has, such as `0-3/16` (0 to 3 of 16), where "
        "several share a Postgres database; docs/deployment.md. Default: all, as many as Discord "
        "recommends.",
    )
    direct_messages: bool = Field(
        True,
        validation_alias=AliasChoices("DARKROOM_DIRECT_MESSAGES"),
        description="`0` turns off commands and buttons in direct messages. Finished "
        "pictures are still sent to members who want them.",
    )
    user_installs: bool = Field(
        False,
        validation_alias=AliasChoices("DARKROOM_USER_INSTALLS"),
        description="`1` turns on user installs: people add the bot to their account and use it "
        "on any server. Default: off, so that strangers do not use your GPU.",
    )
    servers: str = Field(
        "",
        validation_alias=AliasChoices("DARKROOM_SERVERS"),
        description="The ids of the only servers that the bot works on, with commas between them. "
        "It leaves all others. Default: all servers that it is added to.",
    )
    picture_filter: str = Field(
        "opennsfw",
        validation_alias=AliasChoices("DARKROOM_FILTER"),
        description="What checks pictures for explicit content: `opennsfw` (built in), a folder "
        "with an image-classification model of transformers, `openai` or `openai+https://…/v1` "
        "(the moderation endpoint, which gets the pictures), or `off`.",
    )
    picture_filter_secret: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_FILTER_KEY"),
        description="The key for OpenAI's moderation endpoint.",
    )
    explicit_direct_messages: bool = Field(
        False,
        validation_alias=AliasChoices("DARKROOM_EXPLICIT_DIRECT_MESSAGES"),
        description="`1` shows members explicit pictures in their own direct messages with the "
        "bot, behind a spoiler. Default: nowhere but in age-restricted channels.",
    )
    c2pa_certificate: Path | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_C2PA_CERTIFICATE"),
        description="A PEM file with the certificate that signs pictures (C2PA), and those that "
        "vouch for it. Default: a self-made one in the data folder.",
    )
    c2pa_key: Path | None = Field(
        None,
        validation_alias=AliasChoices("DARKROOM_C2PA_KEY"),
        description="The PEM file with the private key of that certificate, without a password.",
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("DARKROOM_METRICS_PORT"),
        description="The port for the bot's metrics and health (docs/observability.md); 0 picks a "
        "free one. Default: none.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("DARKROOM_METRICS_HOST"),
        description="The address that this port is opened on. Whoever reaches it can read the "
        "metrics. Default: `127.0.0.1`.",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        validation_alias=AliasChoices("DARKROOM_LOG_FORMAT"),
        description="How logs are written: `text` or `json`.",
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        description="Where traces are sent by OTLP over HTTP, such as `http://127.0.0.1:4318`; "
        "needs `darkroom[telemetry]`. Default: nowhere.",
    )
    playground_port: int = Field(
        8080,
        ge=0,
        le=65535,
        description="The port of the playground on 127.0.0.1; 0 picks a free one. Default: 8080.",
    )

    @field_validator("discord_url")
    @classmethod
    def _check_discord_url(cls, url: str | None) -> str | None:
        # pydantic turns a ValueError, also one of urlsplit, into a validation error.
        parts = urlsplit(url or "http://discord")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("DISCORD_URL must look like http://127.0.0.1:8080")
        return url

    @field_validator("discord_proxy", "https_proxy", "http_proxy")
    @classmethod
    def _check_proxy(cls, typed: SecretStr | None) -> SecretStr | None:
        return SecretStr(read_proxy(typed.get_secret_value())) if typed else None

    @field_validator("versions")
    @classmethod
    def _check_versions(cls, typed: str) -> str:
        _named(typed)
        return typed

    @field_validator("data_budget")
    @classmethod
    def _check_data_budget(cls, typed: str | None) -> str | None:
        if typed is not None:
            _bytes_of(typed)
        return typed

    @field_validator("shards")
    @classmethod
    def _check_shards(cls, typed: str | None) -> str | None:
        if typed is not None:
            ShardRange.parse(typed)
        return typed

    @field_validator("pictures")
    @classmethod
    def _check_pictures(cls, typed: str | None) -> str | None:
        if typed is not None:
            PicturePlace.read(typed)
        return typed

    @field_validator("servers")
    @classmethod
    def _check_servers(cls, typed: str) -> str:
        if not all(re.fullmatch(r"[1-9][0-9]{0,18}", one) for one in _split(typed)):
            raise ValueError("DARKROOM_SERVERS must be ids of servers with commas between them")
        return typed

    @field_validator("inference_api_key")
    @classmethod
    def _check_credentials(cls, key: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        typed = others.data.get("inference_url") or ""
        if key and any(map(has_credentials, split_addresses(typed))):
            raise ValueError(
                "INFERENCE_URL has a user and a password, and both go into the same header: take "
                "them out of it, or leave INFERENCE_API_KEY empty"
            )
        return key

    @field_validator("picture_filter")
    @classmethod
    def _check_filter(cls, chosen: str) -> str:
        kind, plus, url = chosen.partition("+")
        if kind == "openai":
            if plus and urlsplit(url).scheme not in ("http", "https"):
                raise ValueError("DARKROOM_FILTER must look like openai+https://host.example/v1")
        elif chosen not in ("off", "opennsfw") and not Path(chosen).is_dir():
            raise ValueError(
                "DARKROOM_FILTER must be opennsfw, openai, off, or a folder that is there"
            )
        return chosen

    @model_validator(mode="after")
    def _check_filter_key(self) -> "Settings":
        if self.picture_filter == "openai" and self.picture_filter_secret is None:
            raise ValueError("DARKROOM_FILTER=openai needs DARKROOM_FILTER_KEY")
        return self

    @model_validator(mode="after")
    def _check_c2pa(self) -> "Settings":
        if (self.c2pa_certificate is None) != (self.c2pa_key is None):
            raise ValueError(
                "DARKROOM_C2PA_CERTIFICATE and DARKROOM_C2PA_KEY need each other: set both or none"
            )
        return self

    @property
    def only_servers(self) -> frozenset[int] | None:
        """The ids in DARKROOM_SERVERS; None if the bot works on every server."""
        return frozenset(map(int, _split(self.servers))) or None

    @property
    def shard_range(self) -> ShardRange | None:
        """The shards in DARKROOM_SHARDS; None for all, as many as Discord recommends."""
        return ShardRange.parse(self.shards) if self.shards else None

    @property
    def named_versions(self) -> dict[str, str]:
        """Ids of models by the names from DARKROOM_VERSIONS."""
        return _named(self.versions)

    @property
    def proxies(self) -> Proxies:
        """The HTTP proxies, with their logins."""

        def said(proxy: SecretStr | None) -> str | None:
            return proxy.get_secret_value() if proxy else None

        return Proxies(
            https=said(self.https_proxy),
            http=said(self.http_proxy),
            discord=said(self.discord_proxy),
            exceptions=self.no_proxy,
            discord_url=self.discord_url,
        )

    @property
    def database(self) -> str:
        """The URL of the database, with its password: never log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_folder / 'darkroom.db'}"

    @property
    def data_budget_bytes(self) -> int | None:
        return None if self.data_budget is None else _bytes_of(self.data_budget)

    @property
    def picture_place(self) -> PicturePlace:
        """Where pictures are kept."""
        return PicturePlace.read(self.pictures or str(self.picture_folder))

    @property
    def picture_folder(self) -> Path:
        """The folder with the pictures, where they are in one."""
        own = self.data_folder / "pictures"
        return (PicturePlace.read(self.pictures).folder if self.pictures else None) or own

    @property
    def folders(self) -> tuple[Path, ...]:
        """The data folder, and that of the pictures if it lies elsewhere."""
        pictures = self.picture_place.folder
        if pictures is None or pictures.absolute().is_relative_to(self.data_folder.absolute()):
            return (self.data_folder,)
        return self.data_folder, pictures

    @property
    def shards_file(self) -> Path:
        """The file by which a bot is known that was killed and starts again with its shards."""
        return self.data_folder / f"shards-{(self.shards or 'all').replace('/', '-of-')}.id"

    @property
    def models_file(self) -> Path:
        """The file in which the bot keeps inference's list of models."""
        return self.data_folder / "models.json"

    @property
    def picture_filter_key(self) -> str | None:
        secret = self.picture_filter_secret
        return None if secret is None else secret.get_secret_value()

    @property
    def own_c2pa_file(self) -> Path:
        """The file with the self-made key and certificates that sign pictures."""
        return self.data_folder / "c2pa.pem"

    @property
    def for_inference(self) -> dict[str, str]:
        """The environment of our own inference process, which reads no `.env` itself."""
        return {
            "DARKROOM_DTYPE": self.dtype,
            "DARKROOM_BACKEND": self.backend,
            "DARKROOM_COMPILE": str(int(self.compiled)),
            "DARKROOM_LOG_FORMAT": self.log_format,
            **self.for_traces,
            **({"DARKROOM_LORAS": self.loras} if self.loras else {}),
            **({"DARKROOM_MODEL_ALIASES": self.model_aliases} if self.model_aliases else {}),
            **({"DARKROOM_CORS_ORIGINS": self.cors_origins} if self.cors_origins else {}),
            **({"INFERENCE_API_KEY": self.api_key} if self.api_key else {}),
        }

    @property
    def for_traces(self) -> dict[str, str]:
        """What OpenTelemetry reads from the environment; the rest of it is not in `.env`."""
        endpoint = self.otel_exporter_otlp_endpoint
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint} if endpoint else {}

    @property
    def inference_arguments(self) -> tuple[str, ...]:
        """The command line of our own inference process."""
        return ("--model", self.model) if self.model else ()

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """Values that are never written to a log; passwords in addresses are besides."""
        token = self.discord_token.get_secret_value() if self.discord_token else None
        return token, self.api_key

    @property
    def api_key(self) -> str | None:
        return self.inference_api_key.get_secret_value() if self.inference_api_key else None


def split_addresses(typed: str) -> tuple[str, ...]:
    """The addresses in INFERENCE_URL, which commas or blanks separate."""
    return tuple(filter(None, _NEXT_ADDRESS.split(typed.strip(" \t\r\n,"))))


def _bytes_of(typed: str) -> int:
    """Read `20 GB`. Raises ValueError."""
    match = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([MGT]i?B)\s*", typed, re.IGNORECASE)
    if match is None:
        raise ValueError("DARKROOM_DATA_BUDGET must look like 20 GB or 500 MB")
    unit = match[2].upper()
    base = 1024 if "I" in unit else 1000
    return int(float(match[1]) * base ** ("MGT".index(unit[0]) + 2))


def _split(typed: str) -> list[str]:
    return [one for one in re.split(r"[\s,]+", typed) if one]


def _named(versions: str) -> dict[str, str]:
    """Read `1=darkroom-mini, niji=anime`. Raises ValueError."""
    named = {}
    for entry in filter(None, map(str.strip, versions.split(","))):
        name, equals, model = (part.strip() for part in entry.partition("="))
        if not equals or not model or not re.fullmatch(r"[\w.-]{1,40}", name):
            raise ValueError(f"“{entry}” must look like name=model, a name of letters and digits")
        named[name.lower()] = model
    return named
