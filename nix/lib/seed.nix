# The seed: a directory with one static busybox (which goes by its file name, so
# it cannot be a store path itself), the only program that runs before there is a
# tree of Debian packages. `cargo xtask fetch` extracts it from the locked
# `busybox-static` package and adds it to the store by this hash, so this
# derivation resolves without a download.
let
  seed = builtins.fromJSON (builtins.readFile ../seed.json);
in
derivation {
  name = seed.busybox.name;
  system = "builtin";
  builder = "builtin:fetchurl";
  outputHashMode = "recursive";
  outputHashAlgo = "sha256";
  outputHash = seed.busybox.narHash_sha256_hex;
  url = "file:///run-cargo-xtask-fetch-first/busybox";
  preferLocalBuild = true;
}
