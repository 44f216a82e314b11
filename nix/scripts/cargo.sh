# Sourced by the Rust builds: cargo without network, and nothing of the build
# directory in what it makes.
export CARGO_HOME=/build/.cargo CARGO_TARGET_DIR=/build/target CARGO_NET_OFFLINE=true CARGO_TERM_COLOR=never
export RUSTFLAGS="--remap-path-prefix=/build/source=/onebox --remap-path-prefix=$vendor=/crates"
export CFLAGS="-ffile-prefix-map=$vendor=/crates -ffile-prefix-map=/build=/build"
mkdir -p "$CARGO_HOME"
cat >"$CARGO_HOME/config.toml" <<TOML
[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "$vendor"
TOML
selected=()
for package in $packages; do selected+=(--package "$package"); done

# workspace DIR: leaves only the crates of the image in the workspace there.
# Cargo then drops from its copy of the lock what only the others used; what
# stays keeps its version, and nothing can be fetched.
workspace() {
  sed -i -e '/^ *"\(benches\|tests\)\/.*",\?$/d' -e '/^ *"xtask",\?$/d' "$1/Cargo.toml"
}

# stand_ins: something to compile for each crate that is there as a manifest only.
stand_ins() {
  find . -name Cargo.toml ! -path ./Cargo.toml | while read -r manifest; do
    dir=$(dirname "$manifest")
    [ -z "$(find "$dir" -name '*.rs' -print -quit)" ] || continue
    mkdir -p "$dir/src"
    : >"$dir/src/lib.rs"
    echo 'fn main() {}' >"$dir/src/main.rs"
    sed -n 's/^path *= *"\(.*\.rs\)"/\1/p' "$manifest" | while read -r path; do
      mkdir -p "$(dirname "$dir/$path")"
      echo 'fn main() {}' >"$dir/$path"
    done
  done
}
