# A closure of the lock as a list of .deb files in the store.
#
# Each is a flat fixed output, so nothing here downloads: `cargo xtask fetch`
# has put the files in the store under the same name and hash.
closure:
let
  lock = builtins.fromJSON (builtins.readFile ../debian.lock.json);

  # Store names allow neither `~` nor `:`; xtask's `store_name` does the same.
  storeName = path: builtins.replaceStrings [ "~" ":" "%3a" ] [ "_" "_" "_" ] (baseNameOf path);

  deb = key:
    let package = lock.packages.${key};
    in {
      inherit (package) name version;
      file = derivation {
        name = storeName package.path;
        system = "builtin";
        builder = "builtin:fetchurl";
        outputHashMode = "flat";
        outputHashAlgo = "sha256";
        outputHash = package.sha256;
        url = "file:///run-cargo-xtask-fetch-first/${package.path}";
        preferLocalBuild = true;
      };
    };
in
map deb (
  lock.closures.${closure}
    or (throw "nix/debian.lock.json has no closure '${closure}'; add it to nix/closures.toml and run 'cargo xtask lock'")
)
