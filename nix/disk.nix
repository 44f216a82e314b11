# The disk image: GRUB for BIOS and UEFI, the root file system in slot A, slot
# B and the data partition empty. Made without root rights or loop devices.
{ inTree, toolsTree, rootfs }:
inTree {
  name = "onebox-image";
  tree = toolsTree;
  script = ./scripts/disk.sh;
  inherit rootfs;
  boot = ../images/boot;
  partitions = ../images/disk/partitions.sfdisk;
}
