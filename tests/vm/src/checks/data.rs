//! The database is set up to last, and the boot left nothing broken.

use crate::Guest;

/// Data checksums, and a collation that no update of the C library changes.
///
/// # Panics
/// When it is set up otherwise.
pub fn postgresql(guest: &Guest) {
    assert_eq!(guest.sql("SHOW data_checksums"), "on");
    assert_eq!(
        guest.sql("SHOW listen_addresses"),
        "",
        "PostgreSQL listens on the network"
    );
    let locales = guest.sql(
        "SELECT datname, datlocprovider, datlocale FROM pg_database WHERE datallowconn ORDER BY 1",
    );
    assert!(locales.contains("wizamart|"), "{locales}");
    for line in locales.lines() {
        assert!(
            line.ends_with("|b|C.UTF-8"),
            "not the builtin C.UTF-8 provider: {locales}"
        );
    }
}

/// Every unit is well once the boot is over.
///
/// # Panics
/// When one is not.
pub fn clean_boot(guest: &Guest) {
    let state = guest.output("timeout 180 systemctl is-system-running --wait");
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    let failed = guest.run("systemctl --failed --no-legend --plain --no-pager");
    let jobs = guest.run("systemctl list-jobs --no-legend --no-pager");
    assert_eq!(state, "running", "failed units:\n{failed}\njobs:\n{jobs}");
    assert_eq!(failed, "", "failed units");
}
