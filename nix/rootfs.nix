# The root file system of a slot: pruned Debian packages, our files, our
# programs, kernel and initrd, as one squashfs that GRUB can read; and beside it
# what the release says of itself.
{ inTree, toolsTree, imageTree, initrd, app, provisioner, vendor, release, version, revision }:
inTree {
  name = "onebox-rootfs";
  tree = toolsTree;
  script = ./scripts/rootfs.sh;
  inherit imageTree initrd app provisioner vendor version revision;
  files = ../images/rootfs;
  prune = ../images/prune.list;
  pruneBoot = ../images/prune-boot.list;
  needed = ./scripts/needed.sh;
  facts = ./scripts/release.sh;
  order = ../images/order.list;
  migrations = ../migrations;
  inherit (release) compatible archiveTimestamp packages minimumVersion collationVersion;
}
