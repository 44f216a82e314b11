# A closure of the lock, unpacked: a directory that can be entered as a root
# file system (see in-tree.nix) or taken as the start of the box's root.
# Maintainer scripts are not run; what they would have made and a build needs
# is made here: the linker cache, and the names `cc` and `awk`.
{ name, closure }:
let
  debs = import ./debs.nix closure;
in
derivation {
  name = "${name}-tree";
  system = "x86_64-linux";
  builder = "${import ./seed.nix}/busybox";
  args = [ "sh" ../scripts/unpack.sh ];
  busybox = "${import ./seed.nix}/busybox";
  debs = map (deb: deb.file) debs;
}
