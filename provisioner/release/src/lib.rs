//! Releases: what is in one, who signed it, and the channel it is found in.
