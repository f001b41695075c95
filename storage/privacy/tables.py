"""Which tables hold what about members: the one list that exports and deletions walk.

A new table with a member in it joins by one line here; a test finds those that are missing.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, select

from storage.models import (
    Base,
    BlockRow,
    CopyRow,
    DraftRow,
    ErasureRow,
    FavouriteRow,
    JobRow,
    LogEntryRow,
    MemberRow,
    OptionRow,
    PictureRow,
    ReportRow,
    ReviewRow,
    ShareRow,
    TotalsRow,
    UsageRow,
    table_of,
)


@dataclass(frozen=True, slots=True)
class MemberTable:
    """A table with rows of members."""

    row: type[Base]
    column: str = "member_id"
    """Whose row it is: a member's id, or a job's if it is `job_id`."""
    hidden: frozenset[str] = frozenset()
    """Columns that say nothing to a person, or must not leave the bot."""
    survives: bool = False
    """Whether a deletion leaves its rows: those that hold against a member, such as a block."""

    @property
    def table(self) -> Table:
        return table_of(self.row)

    def of(self, member_id: int) -> ColumnElement[bool]:
        """The condition that a row is about this member."""
        column = self.table.c[self.column]
        if self.column != "job_id":
            return column == member_id
        return column.in_(select(JobRow.id).where(JobRow.member_id == member_id))


MEMBER_TABLES = (
    MemberTable(FavouriteRow),
    MemberTable(OptionRow),
    MemberTable(DraftRow),
    MemberTable(ShareRow, hidden=frozenset({"start", "finish"})),
    MemberTable(TotalsRow),
    MemberTable(CopyRow, column="job_id"),
    MemberTable(PictureRow, column="job_id"),
    # What a member reported, and what moderators had to decide about them.
    MemberTable(ReportRow),
    MemberTable(ReviewRow, hidden=frozenset({"open_key", "prompt_key"})),
    MemberTable(LogEntryRow),
    MemberTable(
        JobRow, hidden=frozenset({"reply_token", "folded_prompt", "lease", "leased_until"})
    ),
    # The member's own row is the last: others refer to it.
    MemberTable(MemberRow, column="id"),
    MemberTable(ErasureRow, survives=True),
    MemberTable(BlockRow, survives=True),
    # What was used of a quota: a deletion gives nothing back.
    MemberTable(UsageRow, survives=True),
)
"""In an order in which they can be deleted. Jobs, and what belongs to a job, are deleted by
`storage.privacy.erasure.erase_jobs`: other members' jobs may be made from them."""
