# Builds $out from $docs (see book.nix).
cp -r --no-preserve=mode,ownership "$docs" docs
mdbook build docs --dest-dir "$out"
