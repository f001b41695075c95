from bot.policy.verdicts import Ruling, Verdict, strongest


def test_the_strongest_ruling_decides() -> None:
    behind_a_spoiler = Ruling(Verdict.SPOILER, "skin")
    refused = Ruling(Verdict.REFUSE, "a word")
    assert strongest(Ruling(), behind_a_spoiler, refused, Ruling(Verdict.REVIEW)) is refused


def test_of_two_equally_strong_rulings_the_first_says_why() -> None:
    first, second = Ruling(Verdict.REVIEW, "one"), Ruling(Verdict.REVIEW, "two")
    assert strongest(first, second) is first
