# A derivation whose script runs inside an unpacked tree, as a user who sees
# an ordinary Debian: /usr/bin/gcc, /usr/bin/mksquashfs and so on.
#
# The sandbox has no /bin/sh, so the seed opens a user namespace, binds /nix,
# /proc, /dev, /build and /tmp over the tree's empty directories and enters it.
# Attributes given besides `name`, `tree` and `script` are its environment.
{ name, tree, script, ... }@args:
derivation (
  (removeAttrs args [ "tree" "script" ])
  // {
    inherit name;
    system = "x86_64-linux";
    builder = "${import ./seed.nix}/busybox";
    args = [ "sh" ../scripts/enter.sh ];
    busybox = "${import ./seed.nix}/busybox";
    inherit tree script;
  }
)
