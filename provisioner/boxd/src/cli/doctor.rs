//! `boxd doctor` and `boxd support-bundle`: for when the daemon itself is ill.

use super::{applier, told};
use crate::acme::Manager;
use crate::doctor::Doctor as Examiner;
use crate::support;
use base64::Engine as _;
use clap::Args;
use onebox_api::doctor::Ask;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Exit status when nothing could be looked at.
const COULD_NOT_LOOK: u8 = 3;

#[derive(Args)]
pub(super) struct Doctor {
    /// This check only; may be given several times
    #[arg(long, value_name = "CHECK")]
    only: Vec<String>,
    /// Do what is safe about what is found, and look again
    #[arg(long)]
    fix: bool,
}

#[derive(Args)]
pub(super) struct SupportBundle {
    /// The file to write; must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Hours of logs
    #[arg(long, value_name = "N", default_value_t = 24)]
    hours: u32,
}

impl Doctor {
    pub(super) fn run(self) -> ExitCode {
        match self.examine() {
            Ok(code) => code,
            Err(error) => {
                eprintln!("boxd: {error}");
                ExitCode::from(COULD_NOT_LOOK)
            }
        }
    }

    fn examine(self) -> Result<ExitCode, Box<dyn Error>> {
        let doctor = examiner()?;
        let ask = Ask {
            only: self.only,
            fix: self.fix,
        };
        let diagnosis = told(async |steps| Ok(doctor.examine(&ask, &steps).await?))?;
        println!("{}", serde_json::to_string_pretty(&diagnosis)?);
        Ok(ExitCode::from(diagnosis.exit_status()))
    }
}

impl SupportBundle {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let doctor = examiner()?;
        // Before the work: a name that cannot be written is told at once.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.file)
            .map_err(|error| format!("cannot make {}: {error}", self.file.display()))?;
        let bundle = told(async |steps| Ok(support::bundle(&doctor, self.hours, &steps).await?))?;
        file.write_all(&base64::engine::general_purpose::STANDARD.decode(&bundle.content)?)?;
        println!("{}", self.file.display());
        Ok(())
    }
}

fn examiner() -> Result<Examiner, Box<dyn Error>> {
    let applier = applier(Path::new("/"))?;
    let certificates = Manager::of_box(Arc::clone(&applier.disk), Arc::clone(&applier.systemd));
    Ok(Examiner::of_box(applier, Arc::new(certificates), None))
}
