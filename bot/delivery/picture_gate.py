"""Decides whether the pictures of a job are shown: how explicit they are, and where.

Each picture is checked once; its score is stored with it. What is checked for the first time when
it is shown again is an old picture, or one of a place without a filter.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.i18n.texts import Text, say_unmarked
from bot.images.classifiers.classifier import ClassifierAway, PictureClassifier
from bot.policy.picture_policy import (
    PictureAction,
    PicturePolicy,
    ShowingPlace,
    needs_check,
    policy_at,
    rule,
)
from bot.policy.showing_places import ShowingPlaces
from bot.policy.verdicts import Ruling, Verdict, strongest
from storage import jobs
from storage.database import Database
from storage.jobs import Job
from storage.moderation.log import NewEntry
from storage.pictures import Picture, PictureMissing, PictureStore, of_job, set_scores
from storage.pictures import digest as digest_of
from storage.rules import pictures as stored_policies

log = logging.getLogger(__name__)

MAX_REMEMBERED_SCORES = 1024
"""Scores by the digests of pictures: an upscale is the same picture as a moment ago."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The scores of new pictures, None for those that were not checked, and the ruling on them.

    `held_back` is the verdict without the filter's, if that could not check all of them. `found` is
    what the filter alone says of explicit ones.
    """

    scores: tuple[float | None, ...]
    ruling: Ruling
    held_back: Verdict | None = None
    found: Verdict = Verdict.ALLOW


class PictureGate:
    """Without a `classifier` nothing is checked, and only other rules decide.

    `note` writes an entry of the moderators' log.
    """

    def __init__(
        self,
        database: Database,
        picture_store: PictureStore,
        classifier: PictureClassifier | None,
        places: ShowingPlaces,
        note: Callable[[NewEntry], Awaitable[None]],
    ) -> None:
        self._database = database
        self._picture_store = picture_store
        self._classifier = classifier
        self.places = places
        self._note = note
        self._known: OrderedDict[str, float] = OrderedDict()

    @property
    def filter_name(self) -> str | None:
        """The classifier's name; None if pictures are not checked."""
        return None if self._classifier is None else self._classifier.name

    async def close(self) -> None:
        if self._classifier is not None:
            await self._classifier.close()

    async def may_preview(self, job: Job, previews: Sequence[bytes]) -> bool:
        """Whether these unfinished pictures of a job may be seen. They are checked like others.

        Raises StorageUnavailable.
        """
        if job.verdict >= Verdict.REVIEW:
            return False
        if self._classifier is None:
            return True
        place = await self.places.of_job(job)
        policy = await self.policy(place)
        if not needs_check(policy, place):
            return True
        scores = await self._scores(previews)
        return None not in scores and not _is_explicit(scores, policy)

    async def judge(self, job: Job, pictures: Sequence[bytes]) -> Judgement:
        """Check the new pictures of a job, as PNG. Raises StorageUnavailable."""
        before = Ruling(Verdict(job.verdict), job.verdict_reason or "")
        if self._classifier is None:
            return Judgement((None,) * len(pictures), before)
        place = await self.places.of_job(job)
        policy = await self.policy(place)
        is_approved = job.approved_by is not None and not place.for_adults
        if is_approved or not needs_check(policy, place):
            return Judgement((None,) * len(pictures), before)
        scores = await self._scores(pictures)
        found = rule(scores, policy, place)
        ruling = strongest(before, _said(found, job.locale))
        if _is_explicit(scores, policy):
            return Judgement(scores, ruling, found=found.verdict)
        return Judgement(scores, ruling, before.verdict if None in scores else None)

    async def note(self, job: Job, found: Verdict, scores: Sequence[float | None]) -> None:
        """Tell the moderators' log what the filter says of a job's explicit pictures.

        Nothing is written where it found none. Raises StorageUnavailable.
        """
        if job.server_id is None or found is Verdict.ALLOW:
            return
        percent = round(100 * max(score for score in scores if score is not None))
        text = " · ".join((f"{percent} %", job.prompt))
        await self._note(
            NewEntry(
                job.server_id,
                f"filter.{found.name.lower()}",
                text,
                None,
                job.member_id,
                job.channel_id,
                job.id,
            )
        )

    async def ruling(
        self, job: Job, *elsewhere: ShowingPlace, stored: Sequence[Picture] | None = None
    ) -> Ruling:
        """The ruling on showing a finished job's pictures in its own message, and elsewhere too.

        `stored` are its pictures, if they were read already. Those that were never checked are
        checked now. Raises StorageUnavailable.
        """
        own = Ruling(Verdict(job.verdict), job.verdict_reason or "")
        if self._classifier is None or own.verdict >= Verdict.REVIEW:
            return own
        if job.approved_by and not (await self.places.of_job(job)).for_adults:
            # What moderators show to everybody is not explicit, whatever the filter says.
            return own
        if stored is None:
            stored = await of_job(self._database, job.id)
        unchecked = [picture for picture in stored if picture.explicit_score is None]
        places = [*elsewhere, *([await self.places.of_job(job)] if unchecked else ())]
        policies = [(await self._policy_for(job, place), place) for place in places]
        scores = tuple(picture.explicit_score for picture in stored)
        if unchecked and any(needs_check(*one) for one in policies):
            scores = await self._check_stored(job)
        rulings = [_said(rule(scores, *one), job.locale) for one in policies]
        if unchecked and rulings[-1].verdict > own.verdict and None not in scores:
            # An old job, which was never judged where its own message is.
            new = rulings[-1]
            if await jobs.set_verdict(
                self._database, job.id, new.verdict, new.reason, before=own.verdict
            ):
                await self.note(job, new.verdict, scores)
        return strongest(own, *rulings)

    async def ruling_on(self, place: ShowingPlace, pictures: Sequence[bytes]) -> Ruling:
        """The ruling on pictures that a member brings; its reason is a key in the texts."""
        policy = await self.policy(place)
        if self._classifier is None or not needs_check(policy, place):
            return Ruling()
        return rule(await self._scores(pictures), policy, place)

    async def check_again(self, job: Job) -> bool:
        """Check a job that was held back; False if its pictures still cannot be checked."""
        assert job.held_back is not None, "only such jobs are checked again"
        before = Ruling(Verdict(job.held_back))
        ruling, found = before, Ruling()
        scores: Sequence[float | None] = ()
        if self._classifier is not None:
            place = await self.places.of_job(job)
            policy = await self.policy(place)
            scores = await self._check_stored(job) if needs_check(policy, place) else ()
            if None in scores and not _is_explicit(scores, policy):
                return False
            found = rule(scores, policy, place)
            ruling = strongest(before, _said(found, job.locale))
        reason = ruling.reason or job.verdict_reason if ruling.verdict else None
        if not await jobs.set_verdict(
            self._database, job.id, ruling.verdict, reason, before=job.verdict
        ):
            return False
        await self.note(job, found.verdict, scores)
        return True

    async def _policy_for(self, job: Job, place: ShowingPlace) -> PicturePolicy:
        """What holds for a job in a place: in direct messages, what holds where it was made."""
        if place.server_id is None and job.server_id is not None:
            place = await self.places.of_job(job)
        return await self.policy(place)

    async def policy(self, place: ShowingPlace) -> PicturePolicy:
        """What holds in a place."""
        if place.server_id is None:
            return PicturePolicy()
        stored = await stored_policies.policies_of(self._database, place.server_id)
        policies = {
            one.place_id: PicturePolicy(PictureAction(one.action), one.threshold_percent)
            for one in stored
        }
        return policy_at(place, policies)

    async def _check_stored(self, job: Job) -> tuple[float | None, ...]:
        """The scores of a job's pictures, which are stored; no picture is left out but lost ones.

        A picture whose file is lost cannot be shown, and so needs no score.
        """
        scores: list[float | None] = []
        found: dict[str, float] = {}
        for picture in await of_job(self._database, job.id):
            score = picture.explicit_score
            if score is None:
                try:
                    png = await self._picture_store.read(picture)
                except PictureMissing:
                    continue
                score = await self._score(png)
                if score is not None:
                    found[picture.id] = score
            scores.append(score)
        if found:
            await set_scores(self._database, found)
        return tuple(scores)

    async def _score(self, picture: bytes) -> float | None:
        return (await self._scores([picture]))[0]

    async def _scores(self, pictures: Sequence[bytes]) -> tuple[float | None, ...]:
        """How explicit pictures are; None for those that cannot be checked now."""
        assert self._classifier is not None, "callers make sure that there is one"
        digests = await asyncio.to_thread(lambda: [*map(digest_of, pictures)])
        found = {one: self._known[one] for one in digests if one in self._known}
        new = {
            digest: picture
            for digest, picture in zip(digests, pictures, strict=True)
            if digest not in found
        }
        names, at_once = tuple(new), self._classifier.at_once
        for first in range(0, len(names), at_once):
            some = names[first : first + at_once]
            try:
                scores = await self._classifier.scores([new[one] for one in some])
            except ClassifierAway as error:
                log.warning("%d pictures are not checked: %s", len(some), error)
                continue
            found.update(zip(some, scores, strict=True))
        self._remember({one: found[one] for one in names if one in found})
        return tuple(map(found.get, digests))

    def _remember(self, scores: Mapping[str, float]) -> None:
        self._known.update(scores)
        while len(self._known) > MAX_REMEMBERED_SCORES:
            self._known.popitem(last=False)


def _is_explicit(scores: Sequence[float | None], policy: PicturePolicy) -> bool:
    return any(score is not None and policy.finds_explicit(score) for score in scores)


def _said(ruling: Ruling, locale: str) -> Ruling:
    """The ruling with its reason in a language, as plain text."""
    if not ruling.reason:
        return ruling
    return Ruling(ruling.verdict, say_unmarked(Text(ruling.reason), locale))
