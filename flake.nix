{
  description = "Wizamart Onebox: a web shop's whole platform in one image";

  # No inputs: what the build stands on is pinned in nix/debian.lock.json and
  # Cargo.lock, and put into the store by `cargo xtask fetch`.
  outputs = { self }:
    let
      onebox = import ./nix { revision = self.rev or "uncommitted"; };
    in
    {
      packages.x86_64-linux = {
        inherit (onebox) image bundle rootfs app provisioner;
        default = onebox.image;
        # Parts that are looked at, cached or tested on their own.
        inherit (onebox) initrd bare dependencies vendor book toolsTree rustTree imageTree nix226Tree;
      };

      # nix run .#vm: the image in a VM, with the boxctl of the same build.
      apps.x86_64-linux.vm = {
        type = "app";
        program = "${onebox.vm}/bin/onebox-vm";
      };

      checks.x86_64-linux = { inherit (onebox) image book; };
    };
}
