//! A configuration that was taken can be written down and is taken again.

use crate::parse;
use onebox_model::Config;

/// Checks a configuration.
pub(crate) fn check(config: &Config) {
    let mut config = config.clone();
    let webhook = &mut config.alerts.webhook;
    if webhook.as_ref().is_some_and(|given| given.name().is_none()) {
        // Left out it is no address, which this secret has to be.
        *webhook = None;
    }
    let once = write(&config);
    let again = parse(&once);
    assert!(
        again.is_ok(),
        "what was written is refused: {again:?}\n{once}"
    );
    let Ok(again) = again else { return };
    // Writing leaves secrets out and nothing else, so the second time changes
    // nothing any more.
    assert_eq!(once, write(&again));
    if !once.contains('…') {
        assert_eq!(config, again);
    }
}

fn write(config: &Config) -> String {
    let written = toml::to_string(config);
    assert!(written.is_ok(), "{written:?}: {config:?}");
    written.unwrap_or_default()
}
