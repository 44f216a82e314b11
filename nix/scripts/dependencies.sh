# Compiles the dependencies of $packages into $out/target (see rust.nix).
. "$cargoHome"
cp -r --no-preserve=mode,ownership "$manifests" source
workspace source
cd source
stand_ins
cargo build --release --offline "${selected[@]}"
# Our own stand-ins must not pass for the real crates.
cd /build/target/release
for manifest in $(find /build/source -name Cargo.toml); do
  # A package's targets may have other names than itself.
  for name in $(sed -n 's/^name *= *"\(.*\)"/\1/p' "$manifest"); do
    rm -rf .fingerprint/"$name"-* build/"$name"-* deps/"${name//-/_}"-* deps/lib"${name//-/_}"-* "$name" "$name".d "lib${name//-/_}".*
  done
done
rm -rf incremental examples
mkdir -p "$out"
mv /build/target "$out/target"
