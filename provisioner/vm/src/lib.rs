//! Runs a Onebox image in QEMU.
