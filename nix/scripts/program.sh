# Compiles $programs on top of $dependencies into $out/bin (see rust.nix).
. "$cargoHome"
cp -r --no-preserve=mode,ownership,timestamps "$sources" source
# Fingerprints compare times: keep the store's, which are all the same.
cp -r --no-preserve=mode,ownership --preserve=timestamps "$dependencies/target" target
find target/release/build -name 'build[-_]script[-_]*' -type f -exec chmod +x {} +
workspace source
cd source
stand_ins
# Tests stay outside, so that they can change without a rebuild; a manifest may
# name their files all the same.
for manifest in $(find . -name Cargo.toml); do
  sed -n 's/^path *= *"\(.*\.rs\)"/\1/p' "$manifest" | while read -r path; do
    file=$(dirname "$manifest")/$path
    [ -e "$file" ] || { mkdir -p "$(dirname "$file")" && : >"$file"; }
  done
done
cargo build --release --offline "${selected[@]}"
mkdir -p "$out/bin"
for program in $programs; do cp "/build/target/release/$program" "$out/bin/"; done
