"""The tables, and what each column and state means.

Knows no query, no transaction, and of Discord only how large its ids are. The real schema of a
database comes from the migrations; a test holds the two together.
"""

from storage.columns import AnyText, UtcDateTime
from storage.models.base import Base, read_row, table_of
from storage.models.bots import DutyRow, SessionStartRow
from storage.models.jobs import (
    COPIED_KINDS,
    EXPRESSION_INDEXES,
    CopyRow,
    DraftRow,
    JobKind,
    JobMode,
    JobRow,
    JobState,
    RemovedBy,
    ShareRow,
    UnwantedMessageRow,
)
from storage.models.members import ErasureRow, FavouriteRow, MemberRow, OptionRow, TotalsRow
from storage.models.moderation import BlockRow, LogEntryRow, ReportRow, ReviewRow
from storage.models.pictures import PictureRow
from storage.models.servers import (
    AccessRow,
    DefaultsRow,
    PicturePolicyRow,
    QuotaRow,
    Scope,
    ServerRow,
    UsageRow,
    WordRuleRow,
)

__all__ = [
    "COPIED_KINDS",
    "EXPRESSION_INDEXES",
    "AccessRow",
    "AnyText",
    "Base",
    "BlockRow",
    "CopyRow",
    "DefaultsRow",
    "DraftRow",
    "DutyRow",
    "ErasureRow",
    "FavouriteRow",
    "JobKind",
    "JobMode",
    "JobRow",
    "JobState",
    "LogEntryRow",
    "MemberRow",
    "OptionRow",
    "PicturePolicyRow",
    "PictureRow",
    "QuotaRow",
    "RemovedBy",
    "ReportRow",
    "ReviewRow",
    "Scope",
    "ServerRow",
    "SessionStartRow",
    "ShareRow",
    "TotalsRow",
    "UnwantedMessageRow",
    "UsageRow",
    "UtcDateTime",
    "WordRuleRow",
    "read_row",
    "table_of",
]
