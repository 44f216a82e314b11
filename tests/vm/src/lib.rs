//! Tests of the real image in a real virtual machine.
