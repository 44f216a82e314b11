# Writes $out/bin/onebox-vm (see vm.nix).
mkdir -p "$out/bin"
cat >"$out/bin/onebox-vm" <<SH
#!$shell sh
# Runs this build's image; arguments are those of "boxctl vm up".
exec $imageTree/usr/lib64/ld-linux-x86-64.so.2 --library-path $imageTree/usr/lib/x86_64-linux-gnu \\
  $provisioner/bin/boxctl vm up --image $image/onebox.raw "\$@"
SH
chmod 755 "$out/bin/onebox-vm"
