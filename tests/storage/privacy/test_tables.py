"""No table with something about members is forgotten: neither by an export nor by a deletion."""

from storage.models import AnyText, Base, JobRow
from storage.privacy.erasure import EMPTIED, KEPT_COLUMNS
from storage.privacy.tables import MEMBER_TABLES

TABLES_OF_NOBODY = {
    *("servers", "access_rules", "defaults", "quotas", "word_rules"),
    *("picture_policies", "unwanted_messages", "duties", "session_starts"),
}
"""Those that say nothing about a member."""


def test_every_table_is_of_members_or_says_nothing_about_them() -> None:
    registered = {one.table.name for one in MEMBER_TABLES}
    assert registered | TABLES_OF_NOBODY == set(Base.metadata.tables)
    assert not registered & TABLES_OF_NOBODY


def test_whatever_has_a_member_is_registered_by_that_column() -> None:
    registered = {one.table.name: one.column for one in MEMBER_TABLES}
    for table in Base.metadata.tables.values():
        columns = {column.name for column in table.columns}
        if found := {name for name in columns if name.endswith("member_id")}:
            assert registered.get(table.name) in found, table.name
        elif "job_id" in columns:
            assert registered.get(table.name) == "job_id", table.name


def test_every_column_of_an_emptied_job_is_emptied_or_kept_on_purpose() -> None:
    for column in JobRow.__table__.columns:
        is_kept = column.name in KEPT_COLUMNS
        assert is_kept or column.nullable or column.name in EMPTIED, column.name
        # What anybody typed, or any program said, is never kept.
        assert not (is_kept and isinstance(column.type, AnyText)), column.name
