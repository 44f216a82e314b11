# A command that runs the image with boxctl of the same build. The program is
# linked against the image's C library, which the host's may be older than, so
# it is started by that library's own loader.
{ inTree, toolsTree, imageTree, image, provisioner }:
inTree {
  name = "onebox-vm";
  tree = toolsTree;
  script = ./scripts/vm.sh;
  inherit imageTree image provisioner;
  shell = "${import ./lib/seed.nix}/busybox";
}
