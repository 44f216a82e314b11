//! Sources in deb822 stanzas (`*.sources`).

use super::Source;
use crate::lock::stanza::stanzas;

/// All enabled `deb` stanzas, one [`Source`] for each address.
pub(crate) fn parse(text: &str) -> Vec<Source> {
    stanzas(text)
        .filter(|stanza| {
            let enabled = stanza.get("Enabled").unwrap_or("yes");
            words(stanza.get("Types")).any(|kind| kind == "deb")
                && !["no", "false", "0", "off"].contains(&enabled.to_ascii_lowercase().as_str())
        })
        .flat_map(|stanza| {
            let suites: Vec<String> = words(stanza.get("Suites")).map(str::to_owned).collect();
            let components: Vec<String> =
                words(stanza.get("Components")).map(str::to_owned).collect();
            words(stanza.get("URIs"))
                .map(|uri| Source {
                    uri: uri.to_owned(),
                    suites: suites.clone(),
                    components: components.clone(),
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

fn words(field: Option<&str>) -> impl Iterator<Item = &str> {
    field.unwrap_or_default().split_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_with_comments_and_several_addresses_are_read() {
        let text = "Types: deb deb-src\n# a comment\nURIs: http://a.example/debian https://b.example/debian\n\
                    Suites: trixie\n trixie-updates\nComponents: main\n\n\
                    Types: deb\nEnabled: no\nURIs: http://c.example/debian\nSuites: trixie\nComponents: main\n\n\
                    Types: deb-src\nURIs: http://d.example/debian\nSuites: trixie\nComponents: main\n";
        let sources = parse(text);
        let uris: Vec<&str> = sources.iter().map(|source| source.uri.as_str()).collect();
        assert_eq!(
            uris,
            ["http://a.example/debian", "https://b.example/debian"]
        );
        assert_eq!(sources[0].suites, ["trixie", "trixie-updates"]);
    }
}
