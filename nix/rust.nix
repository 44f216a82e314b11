# Our programs, built from Cargo.lock with Debian's Rust in the sandbox.
#
#   vendor        every crate of Cargo.lock, unpacked
#   dependencies  all of them compiled, with empty stand-ins for our own crates;
#                 rebuilt only when a manifest or the lock changes
#   the rest      our crates on top of that, one derivation for each program set
{ inTree, rustTree }:
let
  root = ../.;
  lock = builtins.fromTOML (builtins.readFile ../Cargo.lock);

  crates = builtins.filter (package: package ? checksum) lock.package;
  crateFile = package: derivation {
    name = "${package.name}-${package.version}.crate";
    system = "builtin";
    builder = "builtin:fetchurl";
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = package.checksum;
    url = "file:///run-cargo-xtask-fetch-first/${package.name}-${package.version}.crate";
    preferLocalBuild = true;
  };

  # The part of the repository whose relative path satisfies `keep`; the rest
  # can change without a rebuild.
  source = name: keep: builtins.path {
    inherit name;
    path = root;
    filter = path: type:
      let relative = builtins.substring (builtins.stringLength (toString root) + 1) (-1) (toString path);
      in keep relative type;
  };
  under = dir: path: path == dir || builtins.substring 0 (builtins.stringLength dir + 1) path == "${dir}/";
  hasName = name: path: baseNameOf path == name;
  # Crates that are compiled for the image; the others' manifests are cut out
  # of the workspace (scripts/cargo.sh), so that they can change without a rebuild.
  members = [ "app" "appliance" "provisioner" ];
  isMember = path: builtins.any (member: under member path) members;
  isRoot = path: path == "Cargo.toml" || path == "Cargo.lock";

  manifests = source "onebox-manifests" (path: type:
    isRoot path || (isMember path
      && (hasName "Cargo.toml" path
        || (type == "directory" && !(builtins.elem (baseNameOf path) [ "src" "target" "tests" "templates" "assets" "static" ])))));

  # What the crates in `dirs` are made of; of the other crates the manifests.
  sources = dirs: source "onebox-sources" (path: type:
    isRoot path
    || (builtins.any (dir: under dir path) dirs && !(type == "directory" && hasName "tests" path))
    || (isMember path && (type == "directory" || hasName "Cargo.toml" path)));

  vendor = inTree {
    name = "onebox-vendor";
    tree = rustTree;
    script = ./scripts/vendor.sh;
    files = map crateFile crates;
    names = map (package: "${package.name}-${package.version}") crates;
    checksums = map (package: package.checksum) crates;
  };

  packages = [ "app" "boxd" "boxctl" ];

  dependencies = inTree {
    name = "onebox-dependencies";
    tree = rustTree;
    script = ./scripts/dependencies.sh;
    cargoHome = ./scripts/cargo.sh;
    inherit vendor manifests packages;
  };

  # All packages are selected each time, the unwanted as stand-ins: which
  # features a dependency has depends on everything that is built with it, and
  # with other features it would be compiled again.
  program = name: programs: dirs: inTree {
    inherit name programs packages vendor dependencies;
    sources = sources dirs;
    tree = rustTree;
    script = ./scripts/program.sh;
    cargoHome = ./scripts/cargo.sh;
  };
in
{
  inherit vendor dependencies;
  app = program "wizamart" [ "wizamart" ] [ "app" "appliance/model" "migrations" ];
  # Not what their tests are made with (provisioner/testing).
  provisioner = program "onebox-provisioner" [ "boxd" "boxctl" ]
    (map (name: "provisioner/${name}") [ "api" "boxctl" "boxd" "release" "vm" ] ++ [ "appliance/model" ]);
}
