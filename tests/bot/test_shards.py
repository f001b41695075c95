"""What `--shards` and DARKROOM_SHARDS may say."""

import pytest

from bot.config import Settings
from bot.shard_range import ShardRange


@pytest.mark.parametrize(
    ("typed", "ids", "is_all"),
    [
        ("0-3/16", [0, 1, 2, 3], False),
        ("15/16", [15], False),
        (" 4-4/16 ", [4], False),
        ("0/1", [0], True),
        ("0-15/16", [*range(16)], True),
    ],
)
def test_a_range_names_its_shards(typed: str, ids: list[int], is_all: bool) -> None:
    shards = ShardRange.parse(typed)
    assert [*shards.ids] == ids
    assert shards.is_all is is_all
    assert Settings(_env_file=None, DARKROOM_SHARDS=typed).shard_range == shards


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("3-0/16", "write 0-3/16"),
        ("0-16/16", "no shard 16: 16 shards are numbered from 0 to 15"),
        ("16/16", "no shard 16"),
        ("0-0/0", "at least 1"),
        ("0-3", "must look like 0-3/16"),
        ("-1-3/16", "must look like"),
        ("0-3/16/2", "must look like"),
        ("0–3/16", "must look like"),
        ("٠/٢", "must look like"),
        ("0-3/1000000", "must look like"),
    ],
)
def test_what_is_no_range_is_refused_with_what_to_change(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ShardRange.parse(typed)
    with pytest.raises(ValueError, match=words):
        Settings(_env_file=None, DARKROOM_SHARDS=typed)
