//! `boxctl recovery-kit`.

use std::process::ExitCode;

use onebox_api::backups::{KIT, Kit};
use onebox_api::status::{self, Status};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::error::Error;
use crate::keeper::Keeper;
use crate::output;
use crate::words::time;

/// Print the page that brings this box back on a new machine: keep it where the box is not
#[derive(Debug, clap::Args)]
pub(crate) struct RecoveryKit {
    /// Leave the QR code out
    #[arg(long)]
    no_qr: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keeper: Keeper,
}

impl RecoveryKit {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let client = self.keeper.client();
        let kit: Kit = client.get(KIT)?;
        if self.json {
            output::json(&kit)?;
            return Ok(ExitCode::SUCCESS);
        }
        let status: Status = client.get(status::STATUS)?;
        output::text_line(&page(&kit, &status, !self.no_qr))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A file that is also a page for people: everything but the settings is a
/// comment.
fn page(kit: &Kit, status: &Status, with_code: bool) -> String {
    let name = status.domains.first().unwrap_or(&status.host);
    let release = status.image.as_deref().unwrap_or("unknown");
    let mut page = format!(
        "# Recovery kit of {name}\n\
         # Printed {}, release {release}.\n\
         #\n\
         # Whoever has this page can read every backup of this box. Keep it on paper\n\
         # or in a password manager, not on the box and not beside the backups.\n\
         #\n\
         # When the box is lost:\n\
         #  1. Start a new box of this release or a later one.\n\
         #  2. Put this page there as a file, or what its code says: it is the same.\n\
         #  3. Run `boxctl restore --kit FILE` there.\n\
         #  4. Point the name {name} to the new box.\n\
         # The old box must not come back beside the new one: both would write to the\n\
         # same backups.\n\n{}",
        time(status.at),
        kit.text()
    );
    if !with_code {
        return page;
    }
    let Ok(code) = QrCode::new(kit.text()) else {
        page.push_str("\n# It is too long for a QR code: keep the file itself as well.\n");
        return page;
    };
    let image = code.render::<Dense1x2>().build();
    for line in image.lines() {
        page.push_str("\n# ");
        page.push_str(line);
    }
    page.push('\n');
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_kit() {
        let kit = Kit {
            settings: "[backups.s3]\nendpoint = \"https://s3.example.com\"\n".to_owned(),
            cipher: "abcd-efgh".to_owned(),
            secret_key: Some("a \"secret\"".to_owned()),
            ca: Some("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".to_owned()),
        };
        let text = kit.text();
        let code = QrCode::new(&text).unwrap();
        let image = code.render::<Dense1x2>().build();
        let page = format!("# A page\n\n{text}\n# {}\n", image.replace('\n', "\n# "));
        let read = Kit::parse(&page).unwrap();
        assert_eq!(read.settings, kit.settings);
        assert_eq!((read.cipher, read.secret_key), (kit.cipher, kit.secret_key));
        assert_eq!(read.ca, kit.ca);
        for (bad, part) in [
            ("", "cipher"),
            ("[kit]\ncipher = abc\n", "line 2"),
            ("[kit]\nnothing\n", "line 2"),
            ("[kit]\ncipher = \"a\"\n", "[backups.s3]"),
            ("[other]\n", "line 1"),
        ] {
            let said = Kit::parse(bad).unwrap_err();
            assert!(said.contains(part), "{bad:?}: {said}");
        }
    }
}
