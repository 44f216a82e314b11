# Everything the project builds with Nix, as one attribute set.
# The flake's outputs are these; `nix build -f nix ATTR` builds one directly.
{ revision ? "uncommitted" }:
let
  tree = name: import ./lib/tree.nix { inherit name; closure = name; };
in
rec {
  toolsTree = tree "tools";
  rustTree = tree "rust";
  docsTree = tree "docs";
  imageTree = tree "image";
}
