"""Every place where a text of a member, or of another server, is shown among Markdown."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace

from bot import errors
from bot.engines.places import EngineStatus
from bot.errors import UserError
from bot.i18n.markdown import names, visible
from bot.i18n.texts import Text
from bot.messages import help_embeds, job_embeds, model_cards, settings_embeds
from bot.messages import job_messages as messages
from bot.messages.job_embeds import HISTORY_KINDS, HistoryPage, QueuePosition
from bot.messages.specs import AttachmentSpec, EmbedSpec, MessageSpec
from bot.models.versions import Versions
from bot.prompts.recipe import Recipe
from bot.services.describe import PictureDescription, WordWeights
from bot.services.generation import Confirmation
from bot.ui import confirmations, suggestions
from diffusion.protocol.models import ModelInfo
from diffusion.protocol.requests import ImageRequest, Noise
from storage.history import SearchResult
from storage.jobs import Queue, Totals
from storage.members import Preferences
from storage.models import JobKind, JobState
from storage.pictures import Picture
from storage.servers import ServerSettings
from tests.support.stored_jobs import CHILD, JOB

LOCALE = "en"


def texts_of(card: EmbedSpec) -> Iterator[str]:
    yield card.title
    yield card.text
    for name, value in card.fields:
        yield name
        yield value


def job_messages(typed: str) -> Iterator[MessageSpec]:
    job = replace(JOB, prompt=typed)
    child = replace(CHILD, prompt=typed, kind=JobKind.VARY)
    shown = AttachmentSpec("x.png", b"", "")
    yield messages.waiting(job, None)
    yield messages.waiting(child, job)
    yield messages.waiting_for_inference(job, None)
    yield messages.running(job, None, 1, 2, None)
    yield messages.done(job, None, shown, ())
    yield messages.moved(messages.done(child, job, shown, ()), LOCALE)
    yield messages.stopped(child, job)
    yield messages.ended(replace(job, state=JobState.FAILED, reason=typed), None)
    yield messages.not_showable(job, None, typed)


def refusals(typed: str) -> Iterator[UserError]:
    """Every refusal that there is, with this in the place of all that is text."""
    values = {
        "str": typed,
        "str | None": typed,
        "int": 3,
        "float": 1.5,
        "Text": Text("parameter-seed", {"low": "0", "high": "9"})["allowed"],
        "Markup": names([typed]),
        "Sequence": (typed[:20],),
        "bot.i18n.markdown.Markup | None": names([typed]),
    }
    keys = {"PromptTooLong": {"what": "prompt"}, "ModelCannot": {"what": "tile"}}
    keys["ForeignSyntax"] = {"kind": "tag"}
    keys["UnsupportedParameter"] = {"what": "video"}
    keys["InvalidRule"] = {"why": "expression"}
    keys["TooManyRules"] = {"what": "rules"}
    keys["UnreadableRules"] = {"why": "size"}
    keys["InvalidLink"] = keys["InvalidUpload"] = {"reason": "slow"}
    for name, error in vars(errors).items():
        if isinstance(error, type) and issubclass(error, UserError) and not error.__subclasses__():
            taken = inspect.signature(error).parameters
            arguments = {
                one.name: values[getattr(one.annotation, "__name__", None) or str(one.annotation)]
                for one in taken.values()
                if one.kind is not inspect.Parameter.VAR_KEYWORD
            }
            yield error(**{**arguments, **keys.get(name, {})})


def all_cards(typed: str) -> Iterator[EmbedSpec]:
    job = replace(JOB, prompt=typed, member_name=typed)
    other = replace(job, member_id=1)
    queue = Queue((job, other), (other, job))
    request = ImageRequest(typed, typed, (Noise(1),), 8, 8, 2, 7.5)
    pictures = [Picture(0, 1, 8, 8, "", "", 8, "", "")]
    model = ModelInfo(
        typed, 512, 20, 7.5, styles={typed: ""}, loras=(typed,), skipped_loras={typed: typed}
    )
    settings = ServerSettings(3, style=typed, aspect="3:2")
    engine = EngineStatus(typed, 1, 2, False, frozenset({typed}))
    away = EngineStatus(typed, 1, 2, True, frozenset({typed}))
    engines = job_embeds.engines_field((engine, away), Versions({typed: model}, typed), LOCALE)
    yield job_embeds.info([job], Totals(1, 2, 3, 4), 3, Preferences(), LOCALE, 40, engines)
    position = QueuePosition(queue, job.member_id, 9.0, 2, (engine, away))
    yield job_embeds.queue(position, job.server_id, LOCALE)
    yield job_embeds.details(job, request, pictures, LOCALE)
    # A line that a block cannot show as it is goes into a file.
    line = re.sub("`{3,}", "``", visible(typed, job_embeds.MAX_LINE_CHARS))
    yield job_embeds.details(job, request, pictures, LOCALE, Recipe(line, 1, True))
    yield job_embeds.ancestry([job, job], job.channel_id, LOCALE)
    yield settings_embeds.own_options({typed: typed}, LOCALE)
    yield settings_embeds.server(settings, True, LOCALE)
    yield settings_embeds.preferred(
        Text("preferred.option", {"name": typed, "value": typed}), LOCALE
    )
    yield settings_embeds.preferred(Text("preferred.forgotten", {"name": typed}), LOCALE)
    yield settings_embeds.preferred(Text("preferred.suffix", {"suffix": typed}), LOCALE)
    yield help_embeds.parameter(typed, LOCALE)
    yield help_embeds.models(Versions({typed: model}, typed), LOCALE)
    told = replace(model, title=typed, maker=typed, licence=typed, examples=(typed,))
    found = model_cards.models_page(Versions({typed: told}, typed), "", 0)
    yield model_cards.cards(found, (engine, away), LOCALE)
    yield model_cards.cards(replace(found, names=(), query=typed), (), LOCALE)
    yield suggestions.description_embed(PictureDescription(b"", (typed, typed)), LOCALE)
    yield suggestions.weights_embed(
        WordWeights(((typed, 0.9), (typed, 0.1), (typed, 0.5)), ()), LOCALE
    )
    yield confirmations._question(Confirmation("0", (typed, typed), 8, 3), LOCALE)
    yield from (messages.refusal(error, LOCALE) for error in refusals(typed))


def shown(typed: str) -> list[str]:
    """All that Discord reads Markdown in, wherever a member's text is shown."""
    everywhere = [one.content for one in job_messages(typed)]
    for one in job_messages(typed):
        everywhere += [text for card in one.embeds for text in texts_of(card)]
    preferences = Preferences(model=typed, suffix=typed)
    nothing = SearchResult((), frozenset(), 0)
    everywhere += [
        job_embeds.history_heading(HistoryPage(typed, 0, 0, nothing, kind), LOCALE)
        for kind in HISTORY_KINDS
    ]
    everywhere.append(job_embeds.history_entry(replace(JOB, prompt=typed), True, LOCALE))
    everywhere.append(settings_embeds.panel_notes(preferences, {typed: typed}, LOCALE))
    return everywhere + [text for card in all_cards(typed) for text in texts_of(card)]
