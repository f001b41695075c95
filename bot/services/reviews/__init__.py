"""What moderators decide about pictures and prompts: reviews, reports, appeals, deletions."""
