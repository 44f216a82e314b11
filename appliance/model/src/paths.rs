//! Where things are on the box. `/var` is lasting state, `/run` is rendered at
//! every boot, `/usr` comes with the image and is read-only.

/// State of the box itself.
pub const STATE_DIR: &str = "/var/lib/onebox";
/// The operator's file: the one place where a box is configured.
pub const CONFIG: &str = "/var/lib/onebox/onebox.toml";
/// Copy of the operator's file from the last time it was valid.
pub const CONFIG_LAST_GOOD: &str = "/var/lib/onebox/onebox.toml.last-good";
/// Secrets made on the box; readable by root only.
pub const SECRETS_DIR: &str = "/var/lib/onebox/secrets";
/// First administrator's `{"email","password"}`, made on first boot.
pub const INITIAL_ADMIN: &str = "/var/lib/onebox/secrets/initial-admin.json";
/// Keys that seal secrets in the database, made on first boot.
pub const SEAL_KEYS: &str = "/var/lib/onebox/secrets/seal-keys";
/// Served certificate and key.
pub const TLS_DIR: &str = "/var/lib/onebox/tls";
/// Certificate chain, leaf first.
pub const TLS_CHAIN: &str = "/var/lib/onebox/tls/fullchain.pem";
/// Private key of the chain's leaf.
pub const TLS_KEY: &str = "/var/lib/onebox/tls/privkey.pem";
/// What the keeper knows of certificates: accounts, pairs, when to try again.
pub const ACME_DIR: &str = "/var/lib/onebox/acme";
/// The pair from an authority that is in use: a link to a directory below
/// [`ACME_PAIRS`], so that key and chain change in one step.
pub const ACME_LIVE: &str = "/var/lib/onebox/acme/live";
/// Pairs from authorities, each in a directory.
pub const ACME_PAIRS: &str = "/var/lib/onebox/acme/pairs";
/// Accounts at authorities; readable by root only.
pub const ACME_ACCOUNTS: &str = "/var/lib/onebox/acme/accounts";
/// What happened so far and when to try again.
pub const ACME_STATE: &str = "/var/lib/onebox/acme/state.json";
/// The authority of the box itself, for as long as no other gives a certificate.
pub const LOCAL_CA_DIR: &str = "/var/lib/onebox/ca";
/// Its root, for people to trust.
pub const LOCAL_CA_ROOT: &str = "/var/lib/onebox/ca/root.pem";
/// Its private key; readable by root only.
pub const LOCAL_CA_KEY: &str = "/var/lib/onebox/ca/root-key.pem";
/// There when the box is to begin anew at its next start; what stands in it is who
/// may log in then. Read by the initrd.
pub const FACTORY_RESET: &str = "/var/lib/onebox/factory-reset";
/// SSH host key and the operators' lasting keys.
pub const SSH_DIR: &str = "/var/lib/onebox/ssh";
/// SSH host key, made on first boot.
pub const SSH_HOST_KEY: &str = "/var/lib/onebox/ssh/ssh_host_ed25519_key";
/// Public half of [`SSH_HOST_KEY`].
pub const SSH_HOST_KEY_PUB: &str = "/var/lib/onebox/ssh/ssh_host_ed25519_key.pub";
/// Operators' keys that outlive a boot without standing in the operator's file.
pub const SSH_AUTHORIZED_KEYS: &str = "/var/lib/onebox/ssh/authorized_keys";

/// The application's own state: uploads and the like.
pub const APP_STATE_DIR: &str = "/var/lib/wizamart";
/// Home of the `postgres` account.
pub const POSTGRES_HOME: &str = "/var/lib/postgresql";
/// The database cluster.
pub const POSTGRES_DATA: &str = "/var/lib/postgresql/17/main";
/// Redis' append-only files.
pub const REDIS_DATA: &str = "/var/lib/redis";

/// Everything rendered at boot.
pub const RUN_DIR: &str = "/run/onebox";
/// The configuration in force: the operator's file when it is valid, else its
/// last good copy, else the defaults. Programs on the box read this one.
pub const EFFECTIVE_CONFIG: &str = "/run/onebox/onebox.toml";
/// Rendered PostgreSQL configuration.
pub const POSTGRES_CONF_DIR: &str = "/run/onebox/postgresql";
/// Server settings.
pub const POSTGRES_CONF: &str = "/run/onebox/postgresql/postgresql.conf";
/// Who may connect.
pub const POSTGRES_HBA: &str = "/run/onebox/postgresql/pg_hba.conf";
/// Which account may be which role.
pub const POSTGRES_IDENT: &str = "/run/onebox/postgresql/pg_ident.conf";
/// Rendered Redis configuration.
pub const REDIS_CONF_DIR: &str = "/run/onebox/redis";
/// Redis settings.
pub const REDIS_CONF: &str = "/run/onebox/redis/redis.conf";
/// Firewall.
pub const NFTABLES_CONF: &str = "/run/onebox/nftables.conf";
/// Rendered SSH files.
pub const SSH_RUN_DIR: &str = "/run/onebox/ssh";
/// Keys from the operator's file and from the boot credential.
pub const SSH_RUN_AUTHORIZED_KEYS: &str = "/run/onebox/ssh/authorized_keys";
/// Proofs for authorities; the keeper writes, the application answers.
pub const ACME_RUN_DIR: &str = "/run/onebox/acme";
/// Answers on port 80, one file a token.
pub const ACME_HTTP01: &str = "/run/onebox/acme/http-01";
/// Certificates for `acme-tls/1` on port 443, one directory a name.
pub const ACME_TLS_ALPN01: &str = "/run/onebox/acme/tls-alpn-01";
/// What the keeper found out, one JSON file a topic.
pub const STATUS_DIR: &str = "/run/onebox/status";
/// Which configuration is in force and why.
pub const STATUS_CONFIG: &str = "/run/onebox/status/config.json";
/// What the keeper counts, for the application to show with its own: files
/// `*.prom` in Prometheus' text format.
pub const KEEPER_METRICS: &str = "/run/onebox/metrics";
/// Verdict of the health gate.
pub const STATUS_HEALTH: &str = "/run/onebox/status/health.json";

/// What the box remembers of upgrades. Outside of [`STATE_DIR`], which goes
/// back with the data when a release is no good.
pub const UPGRADES_DIR: &str = "/var/lib/onebox-upgrades";
/// The trial under way, and what became of earlier ones.
pub const UPGRADES_MEMORY: &str = "/var/lib/onebox-upgrades/memory.json";
/// The data as they were before the release on trial.
pub const UPGRADES_SNAPSHOT: &str = "/var/lib/onebox-upgrades/snapshot";
/// The slot that is on trial, for the watch that reboots out of it.
pub const UPGRADES_TRIAL: &str = "/var/lib/onebox-upgrades/trial";
/// Rendered for RAUC: whose bundles are taken.
pub const RAUC_RUN_DIR: &str = "/run/onebox/rauc";
/// RAUC's configuration.
pub const RAUC_CONF: &str = "/run/onebox/rauc/system.conf";
/// Authorities whose bundles RAUC takes.
pub const RAUC_KEYRING: &str = "/run/onebox/rauc/keyring.pem";
/// Authorities that the image brings, a file for each.
pub const RELEASE_ROOTS: &str = "/usr/lib/onebox/roots";

/// Directory of PostgreSQL's socket.
pub const POSTGRES_SOCKET_DIR: &str = "/run/postgresql";
/// Redis' socket.
pub const REDIS_SOCKET: &str = "/run/redis/redis.sock";
/// Runtime directory of the application's units.
pub const APP_RUN_DIR: &str = "/run/wizamart";

/// Where GRUB's files are on the EFI system partition, which is mounted while
/// it is used; the boot state is in two directories below it.
pub const BOOT_STATE_DIR: &str = "/efi/grub";

/// What the image is.
pub const RELEASE: &str = "/usr/lib/onebox/release.json";
/// The application.
pub const APP_BINARY: &str = "/usr/bin/wizamart";
/// The keeper.
pub const BOXD_BINARY: &str = "/usr/bin/boxd";
/// The operator's command.
pub const BOXCTL_BINARY: &str = "/usr/bin/boxctl";

/// Files of an upgrade on trial.
pub const TRIAL_DIR: &str = "/run/onebox/trial";
/// There for as long as traffic is held: before any service starts, until the
/// trial is committed. Readable by all.
pub const TRIAL_HELD: &str = "/run/onebox/trial/held";
/// One line, by which the application knows the trial's own requests. For root
/// and the application.
pub const TRIAL_TOKEN: &str = "/run/onebox/trial/token";
/// What the last self-test found, as JSON; the application writes it.
pub const SELF_TEST: &str = "/run/wizamart/self-test.json";

/// Prefixes `path` (absolute) with `root`, for tests and images that are not
/// the running system.
#[must_use]
pub fn under(root: &std::path::Path, path: &str) -> std::path::PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// The file that is named as `path` is, in another directory: for who was told
/// to look elsewhere.
#[must_use]
pub fn in_dir(dir: &std::path::Path, path: &str) -> std::path::PathBuf {
    dir.join(path.rsplit('/').next().unwrap_or(path))
}

/// Where `boxd` listens. Not below [`RUN_DIR`], which is made at boot by
/// something that may fail.
pub const BOXD_SOCKET: &str = "/run/boxd.sock";

/// What was applied, one directory for each generation of the configuration.
pub const GENERATIONS_DIR: &str = "/var/lib/onebox/generations";
/// The number of the generation in force.
pub const GENERATION_CURRENT: &str = "/var/lib/onebox/generations/current";
/// What an apply that is under way has set out to do; absent at rest.
pub const GENERATION_INTENT: &str = "/var/lib/onebox/generations/intent.json";
/// Held by who applies, with who that is.
pub const GENERATION_LOCK: &str = "/var/lib/onebox/generations/lock";
/// Trees of rendered files; [`RENDERED_CURRENT`] leads to the one in force.
pub const RENDERED_DIR: &str = "/run/onebox/rendered";
/// The tree in force. The fixed names of rendered files lead through it, so
/// that one rename switches all of them.
pub const RENDERED_CURRENT: &str = "/run/onebox/current";
/// SSH keys that came with this boot, for those who render again.
pub const BOOT_KEYS: &str = "/run/onebox/boot-keys";
/// Where systemd's generators write.
pub const GENERATOR_DIR: &str = "/run/systemd/generator";

/// Secrets of the operator, encrypted, a file for each name (systemd-creds(1)).
pub const CREDSTORE_DIR: &str = "/var/lib/onebox/credstore";

/// The repository of backups on the box's own disk.
pub const BACKUP_REPOSITORY: &str = "/var/lib/pgbackrest";
/// What the keeper knows of backups and drills.
pub const BACKUP_STATE_DIR: &str = "/var/lib/onebox/backups";
/// Passphrase of the repositories, made on first boot.
pub const BACKUP_CIPHER: &str = "/var/lib/onebox/secrets/backup-cipher";
/// pgBackRest's configuration without its secrets.
pub const PGBACKREST_CONF: &str = "/run/onebox/pgbackrest/pgbackrest.conf";
/// pgBackRest's secrets, for root and the database server.
pub const PGBACKREST_SECRETS_DIR: &str = "/run/onebox/pgbackrest-secrets";
/// The one file of it.
pub const PGBACKREST_SECRETS: &str = "/run/onebox/pgbackrest-secrets/secrets.conf";
/// pgBackRest's locks: one backup at a time.
pub const PGBACKREST_LOCKS: &str = "/run/pgbackrest";
/// What runs of pgBackRest and of servers that recover said.
pub const BACKUP_LOGS: &str = "/run/onebox/backups";
/// pgBackRest.
pub const PGBACKREST_BINARY: &str = "/usr/bin/pgbackrest";
/// PostgreSQL's programs.
pub const POSTGRES_BIN: &str = "/usr/lib/postgresql/17/bin";
