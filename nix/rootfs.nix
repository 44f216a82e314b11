# The root file system of a slot: pruned Debian packages, our files, our
# programs, kernel and initrd, as one squashfs that GRUB can read.
{ inTree, toolsTree, imageTree, initrd, app, provisioner, vendor, version, revision }:
inTree {
  name = "onebox-rootfs";
  tree = toolsTree;
  script = ./scripts/rootfs.sh;
  inherit imageTree initrd app provisioner vendor version revision;
  files = ../images/rootfs;
  prune = ../images/prune.list;
  pruneBoot = ../images/prune-boot.list;
  needed = ./scripts/needed.sh;
  archiveTimestamp = (builtins.fromJSON (builtins.readFile ./debian.lock.json)).archive_timestamp;
}
