"""Holds a server's rules about words against what its members write, and keeps these rules.

Knows nothing of Discord's API.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import ForbiddenWords, InvalidRule, NoSuchRule, TooManyRules
from bot.i18n.texts import Text, say_unmarked
from bot.policy.actors import Location
from bot.policy.reviews import Decision, prompt_key
from bot.policy.verdicts import Ruling, Verdict, strongest
from bot.policy.words import (
    MAX_EXPRESSIONS,
    MAX_RULES,
    WordAction,
    WordMatch,
    WordRule,
    WordRules,
    check_rule,
    is_expression,
)
from bot.prompts.parser import normalise, without_parameters
from bot.prompts.wanted import wanted
from bot.services.moderation.events import MAX_TEXT_CHARS, ModerationLog
from storage.database import Database
from storage.jobs import NewJob
from storage.moderation import reviews
from storage.moderation.log import NewEntry
from storage.rules import words
from storage.rules.words import Revision, StoredWordRule

MAX_SERVERS_KEPT = 64
"""Servers whose rules are kept ready. Each is asked for changes whenever it is used."""

MAX_IMPORT_BYTES = 256 * 1024
"""Bytes of a list of rules: MAX_RULES long ones with their actions fit."""

MAX_NAMED = 5
"""Words that the reason of a verdict names."""

COMMENT, ACTION_SIGN = "#", "|"
"""What begins a line without a rule, and what stands before the action of one."""


@dataclass(frozen=True, slots=True)
class ImportedRules:
    """How many rules of a list were stored, and its lines that were not: number, text and why."""

    stored: int
    refused: tuple[tuple[int, str, InvalidRule], ...]


class WordFilter:
    """Refusals are `bot.errors.UserError`s."""

    def __init__(self, database: Database, log: ModerationLog) -> None:
        self._database = database
        self._log = log
        self._ready: OrderedDict[int, tuple[Revision, WordRules]] = OrderedDict()

    # What members write.

    async def check(self, here: Location, *texts: str) -> None:
        """Raises ForbiddenWords for a text that the rules of its place refuse."""
        for text, matches in await self._permitted(here, await self._matches(here, texts)):
            await self._judge(here, text, matches)

    async def check_jobs(self, here: Location, new: Sequence[NewJob]) -> tuple[NewJob, ...]:
        """The jobs, each with the strictest of the verdicts that it has and that its words get.

        Raises ForbiddenWords.
        """
        matching = await self._matches(here, [job.prompt for job in new])
        found = dict(await self._permitted(here, matching))
        for prompt, matches in found.items():
            await self._judge(here, prompt, matches)
        return tuple(_ruled(job, found.get(job.prompt, ())) for job in new)

    async def allowed(self, here: Location, texts: Sequence[str]) -> tuple[str, ...]:
        """The texts that the rules do not refuse. Raises ForbiddenWords if none is left."""
        refused = {
            text: matches
            for text, matches in await self._matches(here, texts)
            if _verdict(matches) is Verdict.REFUSE
        }
        kept = tuple(text for text in texts if text not in refused)
        if texts and not kept:
            raise ForbiddenWords([match.found for found in refused.values() for match in found])
        return kept

    async def test(self, here: Location, text: str) -> tuple[WordMatch, ...]:
        """What the rules of a place find in a text, the strictest first."""
        return next((found for _, found in await self._matches(here, [text])), ())

    # The rules.

    async def rules(self, server_id: int) -> tuple[StoredWordRule, ...]:
        return await words.rules_of(self._database, server_id)

    async def add(self, server_id: int, place_id: int, pattern: str, action: WordAction) -> str:
        """Store a rule; returns its pattern as it is stored. Raises InvalidRule, TooManyRules."""
        pattern = await asyncio.to_thread(check_rule, pattern)
        await self._store(server_id, [StoredWordRule(place_id, pattern, action)])
        return pattern

    async def remove(self, server_id: int, place_id: int, pattern: str) -> str:
        """Remove a rule of a place. Raises NoSuchRule."""
        pattern = " ".join(pattern.split())
        if not await words.remove(self._database, server_id, place_id, pattern):
            raise NoSuchRule(pattern[:100])
        return pattern

    async def import_rules(
        self, server_id: int, place_id: int, text: str, action: WordAction
    ) -> ImportedRules:
        """Store the rules of a list, one in a line, as far as they can be used.

        `action` is that of lines without one. Raises TooManyRules, which stores none.
        """
        rules, refused = await asyncio.to_thread(_read_list, text, place_id, action)
        if rules:
            await self._store(server_id, rules)
        return ImportedRules(len(rules), refused)

    async def _store(self, server_id: int, rules: Sequence[StoredWordRule]) -> None:
        there = await words.rules_of(self._database, server_id)
        both = {(rule.place_id, rule.pattern) for rule in (*there, *rules)}
        if sum(is_expression(pattern) for _, pattern in both) > MAX_EXPRESSIONS:
            raise TooManyRules("expressions", MAX_EXPRESSIONS)
        try:
            await words.add(self._database, server_id, rules, limit=MAX_RULES)
        except words.RuleLimitReached as error:
            raise TooManyRules("rules", MAX_RULES) from error

    async def _matches(
        self, here: Location, texts: Iterable[str]
    ) -> tuple[tuple[str, tuple[WordMatch, ...]], ...]:
        """What was found in each text; only the texts in which anything was."""
        if here.server_id is None or (rules := await self._rules_of(here.server_id)) is None:
            return ()
        places = (here.server_id, *here.place_ids)
        # In a thread: long prompts and many rules take longer than the event loop may wait.
        return await asyncio.to_thread(_all_matches, rules, dict.fromkeys(texts), places)

    async def _permitted(
        self, here: Location, found: Sequence[tuple[str, tuple[WordMatch, ...]]]
    ) -> list[tuple[str, tuple[WordMatch, ...]]]:
        """What was found, without refusals of prompts that moderators have approved."""
        keys = {
            text: prompt_key(without_parameters(text))
            for text, matches in found
            if _verdict(matches) is Verdict.REFUSE
        }
        if not keys or here.server_id is None:
            return list(found)
        decided = await reviews.decisions_on(
            self._database, here.server_id, here.member_id, [*keys.values()]
        )
        approved = {text for text, key in keys.items() if decided.get(key) == Decision.APPROVE}
        left = [
            (text, _without_refusals(matches) if text in approved else matches)
            for text, matches in found
        ]
        return [(text, matches) for text, matches in left if matches]

    async def _judge(self, here: Location, text: str, matches: Sequence[WordMatch]) -> None:
        """Log what was found, and raise ForbiddenWords if a rule refuses it."""
        assert here.server_id is not None, "only servers have rules"
        kind = matches[0].rule.action
        patterns = ", ".join(match.rule.pattern for match in matches if match.rule.action is kind)
        await self._log.note(
            NewEntry(
                here.server_id,
                f"words.{kind}",
                f"{patterns} · {text}"[:MAX_TEXT_CHARS],
                None,
                here.member_id,
                here.channel_id,
            )
        )
        if kind is WordAction.REFUSE:
            raise ForbiddenWords([match.found for match in matches if match.rule.action is kind])

    async def _rules_of(self, server_id: int) -> WordRules | None:
        """The rules as they are in the database now; another bot may have changed them."""
        revision = await words.revision(self._database, server_id)
        count, _ = revision
        if not count:
            self._ready.pop(server_id, None)
            return None
        kept = self._ready.get(server_id)
        if kept is None or kept[0] != revision:
            stored = await words.rules_of(self._database, server_id)
            kept = (revision, await asyncio.to_thread(_read, stored))
            self._ready[server_id] = kept
        self._ready.move_to_end(server_id)
        if len(self._ready) > MAX_SERVERS_KEPT:
            self._ready.popitem(last=False)
        return kept[1]


def rule_list(rules: Iterable[StoredWordRule]) -> str:
    """The rules as a list that can be imported again."""
    return "".join(f"{rule.pattern} {ACTION_SIGN} {rule.action}\n" for rule in rules)


def _read(stored: Sequence[StoredWordRule]) -> WordRules:
    return WordRules(
        WordRule(rule.place_id, rule.pattern, WordAction(rule.action)) for rule in stored
    )


def _all_matches(
    rules: WordRules, texts: Iterable[str], places: Sequence[int]
) -> tuple[tuple[str, tuple[WordMatch, ...]], ...]:
    found = ((text, rules.matches(wanted(normalise(text)), places)) for text in texts)
    return tuple((text, matches) for text, matches in found if matches)


def _verdict(matches: Sequence[WordMatch]) -> Verdict:
    return max((match.rule.action.verdict for match in matches), default=Verdict.ALLOW)


def _without_refusals(matches: Sequence[WordMatch]) -> tuple[WordMatch, ...]:
    return tuple(one for one in matches if one.rule.action.verdict is not Verdict.REFUSE)


def _ruled(job: NewJob, matches: Sequence[WordMatch]) -> NewJob:
    """The job with the strictest verdict, and why."""
    verdict = _verdict(matches)
    if verdict is Verdict.ALLOW:
        return job
    deciding = [f"“{match.found}”" for match in matches if match.rule.action.verdict is verdict]
    said = Text("words-verdict", {"words": ", ".join(deciding[:MAX_NAMED])})
    reason = say_unmarked(said, job.locale)
    before = Ruling(Verdict(job.verdict), job.verdict_reason or "")
    ruling = strongest(before, Ruling(verdict, reason))
    return replace(job, verdict=int(ruling.verdict), verdict_reason=ruling.reason or None)


def _read_list(
    text: str, place_id: int, action: WordAction
) -> tuple[list[StoredWordRule], tuple[tuple[int, str, InvalidRule], ...]]:
    """The rules of a list, and the lines that are none."""
    rules, refused = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(COMMENT):
            continue
        pattern, does = _parted(line, action)
        try:
            rules.append(StoredWordRule(place_id, check_rule(pattern), does))
        except InvalidRule as error:
            refused.append((number, line.strip()[:80], error))
    return rules, tuple(refused)


_ACTIONS: Mapping[str, WordAction] = {action.value: action for action in WordAction}


def _parted(line: str, usual: WordAction) -> tuple[str, WordAction]:
    """The rule of a line and its action; a sign that is followed by no action belongs to it."""
    pattern, sign, named = line.rpartition(ACTION_SIGN)
    action = _ACTIONS.get(named.strip().lower()) if sign else None
    return (line, usual) if action is None else (pattern, action)
