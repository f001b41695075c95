"""What is wrong, given the facts: each check's judgement, without any machine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.doctor.checks.account import IntentFacts, IntentsCheck, TokenCheck, TokenFacts
from bot.doctor.checks.channels import MAX_NAMED, ChannelFacts, ChannelsCheck, PlacesFacts
from bot.doctor.checks.channels import ServerFacts as Server
from bot.doctor.checks.clock import MAX_SKEW_S, ClockCheck, ClockFacts
from bot.doctor.checks.database import DatabaseCheck, DatabaseFacts
from bot.doctor.checks.engines import EngineFacts, EnginesCheck, EnginesFacts
from bot.doctor.checks.file_permissions import FileFacts, FilePermissionsCheck
from bot.doctor.checks.picture_filter import FilterFacts, PictureFilterCheck
from bot.doctor.checks.review import ReviewCheck, ReviewFacts
from bot.doctor.checks.signature import SignatureCheck, SignatureFacts
from bot.doctor.checks.versions import VersionFacts, VersionsCheck
from bot.doctor.examination import CHECKS
from bot.doctor.findings import Finding, Level, title_of
from bot.i18n.texts import LANGUAGES, say
from storage.database import DatabaseState

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def said(findings: list[Finding]) -> list[tuple[Level, str]]:
    """Levels and keys. Whatever is found can be said in each language."""
    for finding in findings:
        for language in LANGUAGES:
            assert say(finding.text, language)
            assert finding.remedy is None or say(finding.remedy, language)
        # Whoever is told that something is wrong is told what to do.
        assert (finding.remedy is None) == (finding.level is Level.OK)
    return [(finding.level, finding.text.key.partition(".")[2]) for finding in findings]


def test_every_check_has_a_name_of_its_own_in_every_language() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert all(say(title_of(check.name), language) for language in LANGUAGES)


# ---------------------------------------------------------------------- Discord


@pytest.mark.parametrize(
    ("needed", "granted", "expected"),
    [
        (set(), set(), [(Level.OK, "none-needed")]),
        ({"members"}, {"members"}, [(Level.OK, "granted")]),
        ({"members"}, set(), [(Level.PROBLEM, "missing")]),
        (set(), {"presences"}, [(Level.WARNING, "unused")]),
        ({"members"}, {"presences"}, [(Level.PROBLEM, "missing"), (Level.WARNING, "unused")]),
    ],
)
def test_intents(needed: set[str], granted: set[str], expected: list[tuple[Level, str]]) -> None:
    facts = IntentFacts(frozenset(needed), frozenset(granted))
    assert said(list(IntentsCheck().judge(facts))) == expected


def test_a_valid_token_comes_with_the_link_to_add_the_bot() -> None:
    (finding,) = TokenCheck().judge(TokenFacts("Darkroom#0000", link="https://invite"))
    assert "https://invite" in finding.detail
    (stand_in,) = TokenCheck().judge(TokenFacts("Darkroom#0000", stand_in=True))
    assert stand_in.detail == ""


def places(*servers: Server, more: int = 0) -> list[Finding]:
    return list(ChannelsCheck().judge(PlacesFacts(servers, more, "https://invite")))


OPEN = ChannelFacts(1, "open")
HIDDEN = ChannelFacts(2, "hidden", ("view_channel",))
MUTE = ChannelFacts(3, "mute", ("send_messages",))


def test_a_bot_on_no_server_gets_its_link() -> None:
    findings = places()
    assert said(findings) == [(Level.WARNING, "no-server")]
    assert findings[0].detail == "https://invite"


def test_channels_that_the_bot_does_not_see_are_no_mistake() -> None:
    (finding,) = places(Server("x", (OPEN, HIDDEN)))
    assert say(finding.text) == (
        "On “x” the bot can draw in 1 of 2 channels. It does not see 1 channel."
    )


def test_what_is_lacking_everywhere_is_said_once() -> None:
    channels = tuple(ChannelFacts(n, f"c{n}", ("attach_files",)) for n in range(30))
    findings = places(Server("x", channels, ("attach_files",)))
    assert said(findings) == [(Level.PROBLEM, "role"), (Level.PROBLEM, "nowhere")]
    assert findings[0].detail == "https://invite"


def test_many_channels_are_not_all_named() -> None:
    channels = tuple(ChannelFacts(n, f"c{n}", ("send_messages",)) for n in range(MAX_NAMED + 2))
    _, lacking = places(Server("x", (OPEN, *channels)))
    assert f"#c{MAX_NAMED - 1} and 2 more." in say(lacking.text)


def test_a_forum_has_threads_only() -> None:
    forum = ChannelFacts(4, "forum", ("send_messages_in_threads",), is_forum=True)
    assert not forum.can_draw
    assert replace(forum, is_forum=False).can_draw


@pytest.mark.parametrize(("channel", "works"), [(1, True), (3, False), (99, False)])
def test_the_channel_for_highlights_is_looked_at(channel: int, works: bool) -> None:
    findings = said(places(Server("x", (OPEN, MUTE), highlights=channel)))
    assert ((Level.PROBLEM, "highlights") not in findings) == works


def test_servers_that_were_not_looked_at_are_counted() -> None:
    assert said(places(Server("x", (OPEN,)), more=3))[-1] == (Level.OK, "more")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (ClockFacts(0.4, 0.6), (Level.OK, "right")),
        # A slow answer says little.
        (ClockFacts(12, 8), (Level.OK, "right")),
        (ClockFacts(15, 0.5), (Level.WARNING, "fast")),
        (ClockFacts(-15, 0.5), (Level.WARNING, "slow")),
        (ClockFacts(-MAX_SKEW_S - 1, 0.5), (Level.PROBLEM, "slow")),
        # A command is on its way for a while.
        (ClockFacts(0, 0.5, command_skew_s=2.5), (Level.OK, "right")),
        (ClockFacts(0, 0.5, command_skew_s=-40), (Level.WARNING, "slow")),
    ],
)
def test_clock(facts: ClockFacts, expected: tuple[Level, str]) -> None:
    assert said(list(ClockCheck().judge(facts))) == [expected]


# ---------------------------------------------------------------------- the rest

HEALTHY = DatabaseState("SQLite", True, "0007", "0007", "Something new.", 1_500_000)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (HEALTHY, [(Level.OK, "usable")]),
        (DatabaseState("Postgres", False, "0007"), [(Level.OK, "not-yet")]),
        (replace(HEALTHY, schema="0003"), [(Level.WARNING, "older")]),
        (replace(HEALTHY, schema="0999", schema_title=None), [(Level.PROBLEM, "newer")]),
        (replace(HEALTHY, not_writable="read-only"), [(Level.PROBLEM, "not-writable")]),
        (None, [(Level.PROBLEM, "unusable")]),
    ],
)
def test_database(state: DatabaseState | None, expected: list[tuple[Level, str]]) -> None:
    assert said(list(DatabaseCheck().judge(DatabaseFacts(state)))) == expected


THERE = EngineFacts("10.0.0.2:7860", None, "Darkroom", ("mini",), (0, 1))
AWAY = EngineFacts("10.0.0.3:7860", None, None, error="refused")


@pytest.mark.parametrize(
    ("engines", "expected"),
    [
        ((), [(Level.OK, "own")]),
        ((THERE, AWAY), [(Level.OK, "busy"), (Level.WARNING, "away")]),
        ((AWAY,), [(Level.PROBLEM, "away")]),
        ((replace(THERE, models=()),), [(Level.PROBLEM, "no-models")]),
        ((replace(THERE, load=None),), [(Level.OK, "there")]),
    ],
)
def test_engines(engines: tuple[EngineFacts, ...], expected: list[tuple[Level, str]]) -> None:
    findings = list(EnginesCheck().judge(EnginesFacts(engines)))
    assert said(findings) == expected
    for finding in findings:
        assert "10.0.0" not in say(finding.text), "an address is for the operator alone"


@pytest.mark.parametrize(
    ("own", "from_days", "days", "expected"),
    [
        (True, -1, 3650, (Level.OK, "own")),
        (False, -1, 300, (Level.OK, "operators")),
        (False, -1, 20, (Level.WARNING, "ends-soon")),
        (False, -9, -2, (Level.PROBLEM, "ended")),
        (True, -1, 20, (Level.WARNING, "own-ends-soon")),
        (True, -9, -2, (Level.PROBLEM, "own-ended")),
        (False, 1, 300, (Level.PROBLEM, "not-valid-yet")),
    ],
)
def test_signature(own: bool, from_days: int, days: int, expected: tuple[Level, str]) -> None:
    begins, ends = NOW + timedelta(days=from_days), NOW + timedelta(days=days)
    assert said(list(SignatureCheck().judge(SignatureFacts(own, NOW, begins, ends)))) == [expected]


def test_a_key_that_cannot_be_read() -> None:
    """The operator's keeps the bot from starting; a self-made one is made again."""
    facts = SignatureFacts(False, NOW, unusable="no key")
    assert said(list(SignatureCheck().judge(facts))) == [(Level.PROBLEM, "unusable")]
    own = replace(facts, own=True)
    assert said(list(SignatureCheck().judge(own))) == [(Level.OK, "not-yet")]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (FilterFacts(None), (Level.OK, "off")),
        (FilterFacts("opennsfw"), (Level.OK, "there")),
        (FilterFacts("opennsfw", "it fails"), (Level.PROBLEM, "away")),
    ],
)
def test_the_filter(facts: FilterFacts, expected: tuple[Level, str]) -> None:
    assert said(list(PictureFilterCheck().judge(facts))) == [expected]


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        ((), (Level.OK, "set")),
        ((1,), (Level.WARNING, "missing")),
        ((1, 2), (Level.WARNING, "missing")),
    ],
)
def test_the_review_channel(servers: tuple[int, ...], expected: tuple[Level, str]) -> None:
    assert said(list(ReviewCheck().judge(ReviewFacts(servers)))) == [expected]


def test_file_permissions() -> None:
    private = FileFacts(Path(".env"), 0o600, False)
    opened = replace(private, mode=0o640)
    shared = FileFacts(Path("/tmp"), 0o1777, True)
    assert said(list(FilePermissionsCheck().judge((private, shared)))) == [(Level.OK, "closed")]
    findings = list(FilePermissionsCheck().judge((opened, replace(opened, closed_at_start=True))))
    assert said(findings) == [(Level.WARNING, "open"), (Level.WARNING, "open-data")]


@pytest.mark.parametrize(
    ("torch", "openvino", "gpus", "draws", "expected"),
    [
        ("2.8.0+cpu", True, (), True, [(Level.OK, "processor")]),
        ("2.8.0+cpu", False, (), True, [(Level.WARNING, "slow")]),
        ("2.8.0+cu128", False, ("H100",), True, [(Level.OK, "gpu")]),
        ("2.8.0+cpu", True, ("H100",), True, [(Level.WARNING, "cpu-torch")]),
        # What this machine can draw does not matter where another one draws.
        ("2.8.0+cpu", False, (), False, []),
    ],
)
def test_versions(
    torch: str,
    openvino: bool,
    gpus: tuple[str, ...],
    draws: bool,
    expected: list[tuple[Level, str]],
) -> None:
    packages = {"torch": torch, **({"openvino": "2026.1"} if openvino else {})}
    facts = VersionFacts("3.11.7", "linux", packages, gpus, draws)
    assert said(list(VersionsCheck().judge(facts))) == [(Level.OK, "python"), *expected]
