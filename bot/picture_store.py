"""Opens the place where pictures are kept, with what the settings say about ways to it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from bot.config import Settings
from bot.proxies import Proxies
from diffusion.telemetry import redaction
from storage.picture_place import PicturePlace
from storage.pictures import PictureBucket, PictureFolder, PictureStore
from storage.pictures.bucket import HttpProxy, Patience

_OF_OBJECT_STORES = re.compile(r"(AWS|GOOGLE|AZURE)_\w+")
"""Names of variables that are read where the object store is opened, as its other tools do."""

_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
"""Variables that name another server than the provider's, those that count more first."""

_PROVIDERS = {
    "s3": "https://s3.amazonaws.com",
    "gs": "https://storage.googleapis.com",
    "az": "https://blob.core.windows.net",
}


class WrongPicturePlace(ValueError):
    """The pictures cannot be kept where the settings say; the message is for the operator."""


def open_pictures(
    settings: Settings, place: PicturePlace | None = None, patience: Patience | None = None
) -> PictureStore:
    """The pictures at `place`; by default where the settings say.

    Nothing is asked there yet. Raises WrongPicturePlace.
    """
    place = place or settings.picture_place
    if place.bucket is None:
        assert place.folder is not None, "a place is a folder or a bucket"
        return PictureStore(PictureFolder(place.folder))
    _read_env_file(Path(str(settings.model_config["env_file"])))
    endpoint = endpoint_of(place, os.environ)
    try:
        bucket = PictureBucket.at(
            place.bucket,
            _proxy_for(endpoint, settings.proxies),
            allow_http=endpoint.startswith("http://"),
            patience=patience,
        )
    except ValueError as error:
        raise WrongPicturePlace(f"DARKROOM_PICTURES cannot be used: {error}.") from error
    return PictureStore(bucket)


def endpoint_of(place: PicturePlace, environment: Mapping[str, str]) -> str:
    """The address of the server that has a bucket."""
    named = (environment.get(name) for name in _ENDPOINTS[place.scheme])
    return next(filter(None, named), _PROVIDERS[place.scheme])


def _read_env_file(file: Path) -> None:
    """Put the variables of object stores from `.env` where the library looks for them.

    Empty ones count as not set, as everywhere; the library would take them for keys.
    """
    for name, value in list(os.environ.items()):
        if not value and _OF_OBJECT_STORES.fullmatch(name):
            del os.environ[name]
    found = {
        name: value
        for name, value in dotenv_values(file).items()
        if value and _OF_OBJECT_STORES.fullmatch(name)
    }
    redaction.hide_those_in(found)
    for name, value in found.items():
        os.environ.setdefault(name, value)


def _proxy_for(endpoint: str, proxies: Proxies) -> HttpProxy | None:
    is_secure = endpoint.startswith("https://")
    proxy = proxies.https if is_secure else proxies.http
    # Said here, the variables of the environment do not count beside it.
    own = "localhost,127.0.0.1,::1"
    return HttpProxy(proxy, f"{own},{proxies.exceptions}".rstrip(",")) if proxy else None
