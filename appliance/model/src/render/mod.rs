//! The files that follow from configuration and sizing.
