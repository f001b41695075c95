"""The messages in a server's review channel, and what the member is told. Pure."""

from collections.abc import Sequence

from bot.i18n.markdown import Markup, plain
from bot.i18n.texts import say
from bot.messages.job_messages import link_to, shown_prompt
from bot.messages.specs import (
    AttachmentSpec,
    ButtonRows,
    ButtonSpec,
    EmbedColour,
    EmbedSpec,
    MessageSpec,
)
from bot.policy.reviews import CHOICES, Decision, ReviewKind
from storage.jobs import Job
from storage.moderation.reviews import Report, Review

MAX_REASON_CHARS = 500
MAX_LISTED_REPORTS = 5
MAX_REPORT_CHARS = 150

CUSTOM_ID = r"review:(?P<review_id>[0-9a-f]{32}):(?P<decision>" + "|".join(Decision) + ")"
"""The custom_ids of the buttons. Old messages keep them for ever."""

_DANGEROUS = frozenset(decision for decision in Decision if decision.is_against)


def open_review(
    review: Review,
    job: Job | None,
    reports: Sequence[Report],
    picture: AttachmentSpec | None,
) -> MessageSpec:
    """What moderators see. `picture` is spoilered; None if there is none (any more)."""
    lines = [*_about(review, job), *_reports(review, reports)]
    return MessageSpec("\n".join(lines), picture, buttons=_buttons(review))


def decided(review: Review, job: Job | None) -> MessageSpec:
    """The same after the decision: who decided what and when, and no picture."""
    assert review.decision is not None
    assert review.decided_at is not None
    when = f"<t:{int(review.decided_at.timestamp())}:f>"
    who = Markup(f"<@{review.decided_by}>")
    said = say(f"review-decided.{review.decision}", review.locale, who=who, when=Markup(when))
    colour = EmbedColour.RED if Decision(review.decision).is_against else EmbedColour.GREEN
    return MessageSpec(
        "\n".join(_about(review, job)), embeds=(EmbedSpec(said, "", colour),), drops_file=True
    )


def told(review: Review) -> MessageSpec:
    """What the member of a refused prompt is told after the decision."""
    assert review.decision is not None
    is_approved = not Decision(review.decision).is_against
    key = "appeal-decided.approved" if is_approved else "appeal-decided.rejected"
    text = f"<@{review.member_id}> {say(key, review.locale)}"
    prompt = shown_prompt(review.prompt or "")
    colour = EmbedColour.GREEN if is_approved else EmbedColour.RED
    title = say("appeal-decided", review.locale)
    embed = EmbedSpec(title, prompt, colour)
    return MessageSpec(text, embeds=(embed,), pings=review.member_id)


def _about(review: Review, job: Job | None) -> list[str]:
    member, channel = Markup(f"<@{review.member_id}>"), Markup(f"<#{review.channel_id}>")
    head = say(f"review.{ReviewKind(review.kind)}", review.locale, member=member, channel=channel)
    prompt = review.prompt if job is None else job.prompt
    lines = [f"**{head}**", shown_prompt(prompt or "")]
    if review.reason:
        lines.append(f"-# {plain(review.reason, MAX_REASON_CHARS)}")
    if job is not None and job.message_id is not None and not job.hidden:
        lines.append(f"-# {link_to(job)}")
    return lines


def _reports(review: Review, reports: Sequence[Report]) -> list[str]:
    if not reports or review.kind != ReviewKind.REPORT:
        return []
    shown = [
        f"- <@{report.member_id}>: {plain(report.reason, MAX_REPORT_CHARS)}"
        for report in reports[:MAX_LISTED_REPORTS]
    ]
    return [say("review.reports", review.locale, count=len(reports)), *shown]


def _buttons(review: Review) -> ButtonRows:
    choices = CHOICES[ReviewKind(review.kind)]
    return (
        tuple(
            ButtonSpec(
                "",
                None,
                say(f"review-decision.{decision}", review.locale),
                danger=decision in _DANGEROUS,
                own_id=f"review:{review.id}:{decision}",
            )
            for decision in choices
        ),
    )
