# Compiles the dependencies of $packages into $out/target (see rust.nix).
. "$cargoHome"
cp -r --no-preserve=mode,ownership "$manifests" source
workspace source
cd source
find . -name Cargo.toml ! -path ./Cargo.toml | while read -r manifest; do
  dir=$(dirname "$manifest")
  mkdir -p "$dir/src"
  : >"$dir/src/lib.rs"
  echo 'fn main() {}' >"$dir/src/main.rs"
  grep -q '^\[\[bin\]\]\|^\[lib\]' "$manifest" || continue
  sed -n 's/^path *= *"\(.*\)"/\1/p' "$manifest" | while read -r path; do
    case $path in *.rs) mkdir -p "$(dirname "$dir/$path")"; echo 'fn main() {}' >"$dir/$path" ;; esac
  done
done
cargo build --release --offline "${selected[@]}"
# Our own stand-ins must not pass for the real crates.
cd /build/target/release
for manifest in $(find /build/source -name Cargo.toml); do
  name=$(sed -n 's/^name *= *"\(.*\)"/\1/p' "$manifest" | head -1)
  [ -n "$name" ] || continue
  rm -rf .fingerprint/"$name"-* build/"$name"-* deps/"${name//-/_}"-* deps/lib"${name//-/_}"-* "$name" "$name".d "lib${name//-/_}".*
done
rm -rf incremental examples
mkdir -p "$out"
mv /build/target "$out/target"
