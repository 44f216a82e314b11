//! What a box is: typed configuration, sizing, paths, ports, units and queues.
