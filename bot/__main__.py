"""The `darkroom` command: reads the command line, and prints a start-up failure as one sentence.

The exit code is 78 (`os.EX_CONFIG`) if the settings are wrong, so that a restart would not help;
other failures exit with 1. `darkroom doctor` exits with 1 if it finds a problem.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from bot.cli.errors import CannotStart, WrongSettings
from bot.cli.launcher import launch
from bot.config import Settings, split_addresses
from bot.engines.configuration import InvalidConfiguration
from bot.errors import UserError
from bot.shard_range import ShardRange
from diffusion.telemetry import logs, redaction
from storage.errors import StorageUnavailable
from storage.permissions import PRIVATE_UMASK
from storage.picture_place import PicturePlace

MODULES = {
    "inference": "diffusion",
    "fleet": "diffusion.fleet",
    "playground": "playground",
    "train": "diffusion.training",
}
"""Commands that run as another module, so that the bot's process never imports torch."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command. If it cannot start, print a sentence and exit with 78 or 1."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given and given[0] in MODULES:
            _replace_process(MODULES[given[0]], given[1:])
        options = _parser().parse_args(given)
        typed = getattr(options, "shards", None)
        settings = Settings(**({} if typed is None else {"DARKROOM_SHARDS": typed}))
        _set_up_logs(settings)
        asyncio.run(_run(options, settings))
    except KeyboardInterrupt:
        sys.exit(130)
    except ValidationError as error:
        _refuse_settings(_first_of(error))
    except (WrongSettings, InvalidConfiguration) as error:
        _refuse_settings(str(error))
    except (UserError, CannotStart, StorageUnavailable, OSError) as error:
        sentence = f"darkroom: {error}"
        if not logs.is_json():
            sys.exit(redaction.redacted(sentence))
        logs.tell(sentence, logger="darkroom", level=logging.ERROR)
        sys.exit(1)


def _first_of(error: ValidationError) -> str:
    """The first wrong setting, by the name of its variable, and what is wrong with it."""
    first = error.errors(include_input=False, include_url=False)[0]
    name = ".".join(map(str, first["loc"])).upper()
    said = first["msg"].removeprefix("Value error, ")
    return said if name in said else f"{name}: {said}"


def _refuse_settings(sentence: str) -> NoReturn:
    logs.tell(f"darkroom: {sentence}", logger="darkroom", level=logging.ERROR)
    sys.exit(os.EX_CONFIG)


async def _run(options: argparse.Namespace, settings: Settings) -> None:
    # What a command alone needs is imported with it: most of a start is imports, and the processes
    # that `launch` starts wait for its own.
    if options.command != "imagine":  # its files are not the bot's
        os.umask(PRIVATE_UMASK)
    match options.command:
        case None:
            await launch(settings)
        case "bot":
            from bot.cli.run_bot import run_bot

            _quieten_discord()
            await run_bot(settings)
        case "imagine":
            from bot.cli.imagine import imagine

            await imagine(settings, options.prompt, options.output, options.image)
        case "prune":
            from bot.cli.prune import Prune, prune

            await prune(
                settings,
                Prune(options.older_than, options.keep_favourites, is_confirmed=options.yes),
            )
        case "migrate-pictures":
            from bot.cli.migrate_pictures import PictureMigration, migrate_pictures

            places = PictureMigration(options.to, options.source, is_deleting=options.delete)
            await migrate_pictures(settings, places)
        case "migrate":
            from storage.database import migrate

            await migrate(settings.database)
        case "doctor":
            from bot.cli.doctor import doctor

            _quieten_discord()
            _end_now(await doctor(settings, as_json=options.json, strict=options.strict))


def _end_now(code: int) -> NoReturn:
    """End without waiting for look-ups in threads that hang, such as those of a name server."""
    sys.stdout.flush()
    os._exit(code)


def _set_up_logs(settings: Settings) -> None:
    logs.set_up(settings.log_format)
    redaction.hide(settings.secrets)
    for url in (settings.database, *split_addresses(settings.inference_url or "")):
        redaction.hide_password(url)
    # Alembic logs every check of the database.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _quieten_discord() -> None:
    """Have discord.py not warn that voice is not supported."""
    import discord

    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


def _replace_process(module: str, arguments: list[str]) -> None:
    """Replace this process by another module, with its settings from `.env`."""
    if module in ("diffusion", "diffusion.fleet"):
        settings = Settings()
        # Before the typed arguments, so that those win.
        arguments = [*settings.inference_arguments, *arguments]
        os.environ.update(settings.for_inference)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])


def _shards(typed: str) -> str:
    try:
        ShardRange.parse(typed)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return typed


def _days(typed: str) -> timedelta:
    from bot.cli.prune import days

    return days(typed)


def _picture_place(typed: str) -> PicturePlace:
    try:
        return PicturePlace.read(typed)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="darkroom",
        description="A Midjourney for your own Discord server. Without a command: everything, on "
        "this machine.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    alone = commands.add_parser("bot", help="the bot alone; needs DISCORD_TOKEN and INFERENCE_URL")
    alone.add_argument(
        "--shards",
        metavar="FIRST-LAST/COUNT",
        type=_shards,
        help="this process's shards, such as 0-3/16, where several share a Postgres database; "
        "default: DARKROOM_SHARDS, else all, as many as Discord recommends",
    )
    draw = commands.add_parser("imagine", help="draw one prompt into a file, without any bot")
    draw.add_argument("prompt", metavar="PROMPT", help="as after /imagine, parameters included")
    draw.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        required=True,
        help="its name says whether it becomes a PNG, a JPEG or a WebP: fox.png, fox.jpg, fox.webp",
    )
    draw.add_argument(
        "-i",
        "--image",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a picture to start from; several are blended",
    )
    commands.add_parser("migrate", help="bring the database up to date")
    move = commands.add_parser(
        "migrate-pictures", help="copy all pictures to another folder or object store"
    )
    for option, dest, what in (
        ("--to", "to", "a folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"),
        ("--from", "source", "where they are now; by default what DARKROOM_PICTURES says"),
    ):
        move.add_argument(
            option,
            dest=dest,
            metavar="PLACE",
            type=_picture_place,
            required=option == "--to",
            help=what,
        )
    move.add_argument(
        "--delete", action="store_true", help="delete there what is whole in its new place"
    )
    examine = commands.add_parser("doctor", help="say what is wrong, and what to do about it")
    examine.add_argument("--json", action="store_true", help="print JSON, for programs")
    examine.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
    tidy = commands.add_parser(
        "prune", help="say what may be deleted from the data folder, and with --yes delete it"
    )
    tidy.add_argument(
        "--older-than",
        metavar="DAYS",
        type=_days,
        help="also files of pictures of jobs that ended before that, such as 30d; their recipes "
        "stay, and buttons draw them again",
    )
    tidy.add_argument(
        "--keep-favourites", action="store_true", help="but not those that a member marked"
    )
    tidy.add_argument("--yes", action="store_true", help="delete it; without this, only say it")
    commands.add_parser("inference", help="the inference process alone (--help says more)")
    commands.add_parser("fleet", help="several engines behind one address (--help says more)")
    commands.add_parser("playground", help="the local Discord alone (--help says more)")
    commands.add_parser("train", help="train the embedded model (--help says more)")
    return parser


if __name__ == "__main__":
    main()
