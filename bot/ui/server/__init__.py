"""The groups and panels of `/server`, one module for each subject."""
