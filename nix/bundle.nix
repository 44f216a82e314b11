# A release, complete but for its signature, which `boxctl release sign` makes: a
# key must never be in the Nix store.
#
#   rootfs.img      the image of a slot
#   release.json    what the release says of itself (onebox_release::Release)
#   sbom.cdx.json   every package and crate in it, from the locks
#   manifest.raucm  RAUC's manifest, with release.json in it
#   bin/rauc        the RAUC of the build, for machines whose own is too old
{ inTree, toolsTree, rootfs, sbom, version }:
inTree {
  name = "onebox-bundle";
  tree = toolsTree;
  script = ./scripts/bundle.sh;
  inherit rootfs sbom version toolsTree;
  shell = "${import ./lib/seed.nix}/busybox";
}
