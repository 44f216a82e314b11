# What the box's boot time is measured against: the same kernel, initrd,
# systemd and disk layout with nothing of ours in it. It says BARE-READY on the
# serial console when multi-user.target is reached.
{ inTree, toolsTree, imageTree, initrd, version }:
let
  rootfs = inTree {
    name = "bare-rootfs";
    tree = toolsTree;
    script = ./scripts/rootfs.sh;
    inherit imageTree initrd version;
    revision = "bare";
    app = "";
    provisioner = "";
    files = ../images/rootfs;
    prune = ../images/prune.list;
    needed = ./scripts/needed.sh;
    archiveTimestamp = "";
    bare = ../benches/boot/bare-ready.service;
  };
in
import ./disk.nix { inherit inTree toolsTree rootfs; }
