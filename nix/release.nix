# What is known of a release before it is built, from the locks and release.toml:
# attributes for rootfs.nix, and the bill of materials (CycloneDX 1.5) for
# bundle.nix. Nothing here has a date, so that it is the same in every build.
{ version, revision }:
let
  lock = builtins.fromJSON (builtins.readFile ./debian.lock.json);
  facts = builtins.fromTOML (builtins.readFile ./release.toml);
  cargo = builtins.fromTOML (builtins.readFile ../Cargo.lock);

  debs = map (key: lock.packages.${key}) lock.closures.image;
  # Only what is from elsewhere: a crate of the workspace has no checksum.
  crates = builtins.filter (package: package ? checksum) cargo.package;

  # The characters of Debian's versions that a package URL must escape.
  escape = builtins.replaceStrings [ "+" ":" "~" ] [ "%2B" "%3A" "~" ];
  component = purl: name: version: sha256: {
    type = "library";
    bom-ref = purl;
    inherit name version purl;
    hashes = [{ alg = "SHA-256"; content = sha256; }];
  };
  deb = package: component
    "pkg:deb/debian/${escape package.name}@${escape package.version}?arch=${package.architecture}"
    package.name
    package.version
    package.sha256;
  crate = package: component
    "pkg:cargo/${package.name}@${escape package.version}"
    package.name
    package.version
    package.checksum;
in
{
  inherit (facts) compatible;
  minimumVersion = facts.minimum_version;
  collationVersion = facts.collation_version;
  archiveTimestamp = lock.archive_timestamp;
  packages = builtins.toFile "packages.json"
    (builtins.toJSON (map (package: { inherit (package) name version; }) debs));

  sbom = builtins.toFile "sbom.cdx.json" (builtins.toJSON {
    bomFormat = "CycloneDX";
    specVersion = "1.5";
    version = 1;
    metadata.component = {
      type = "operating-system";
      bom-ref = "onebox";
      name = "onebox";
      inherit version;
      properties = [
        { name = "onebox:git_revision"; value = revision; }
        { name = "onebox:debian_archive"; value = lock.archive_timestamp; }
      ];
    };
    components = map deb debs ++ map crate crates;
  });
}
