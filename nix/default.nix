# Everything the project builds with Nix, as one attribute set.
# The flake's outputs are these; `nix build -f nix ATTR` builds one directly.
{ revision ? "uncommitted" }:
let
  tree = closure: import ./lib/tree.nix { name = closure; inherit closure; };
  inTree = import ./lib/in-tree.nix;
  workspace = builtins.fromTOML (builtins.readFile ../Cargo.toml);
  version = workspace.workspace.package.version;
  release = import ./release.nix { inherit version revision; };
  rust = import ./rust.nix { inherit inTree rustTree; };

  toolsTree = tree "tools";
  rustTree = tree "rust";
  imageTree = tree "image";
  docsTree = tree "docs";
in
rec {
  inherit toolsTree rustTree imageTree;
  nix226Tree = tree "nix226";
  inherit (rust) app provisioner vendor dependencies;

  initrd = import ./initrd.nix { inherit inTree toolsTree; kernelTree = imageTree; };
  rootfs = import ./rootfs.nix {
    inherit inTree toolsTree imageTree initrd app provisioner vendor release version revision;
  };
  bundle = import ./bundle.nix { inherit inTree toolsTree rootfs version; inherit (release) sbom; };
  image = import ./disk.nix { inherit inTree toolsTree rootfs; };
  vm = import ./vm.nix { inherit inTree toolsTree imageTree image provisioner; };
  bare = import ./bare.nix { inherit inTree toolsTree imageTree initrd version; };
  book = import ./book.nix { inherit inTree docsTree; };
}
