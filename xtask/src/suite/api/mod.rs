//! schemathesis against the running application: does the API do what its
//! description says, also when asked for nonsense?
//!
//! The tool ([`tool`]) is sent against a site of its own ([`site`]) several
//! times: as a shop's owner, as an administrator, as nobody; and at last with
//! the requests that end the login they are sent with.

mod site;
mod tool;

use super::runner::Runner;
use crate::files::FileError;
use site::Site;
use tool::Tool;

/// Which operations a run is about.
#[derive(Debug, Clone, Copy)]
enum Operations {
    All,
    But(&'static [&'static str]),
    Only(&'static [&'static str]),
}

/// One run.
#[derive(Debug)]
struct Run {
    name: &'static str,
    /// Made-up requests for each operation.
    examples: &'static str,
    operations: Operations,
    /// Added to the settings of every run.
    settings: &'static str,
}

/// A login that is ended answers 401 to everything that follows.
const ENDING: [&str; 2] = ["auth_logout", "sessions_end"];

const OWNER: Run = Run {
    name: "api-owner",
    examples: "25",
    operations: Operations::But(&ENDING),
    settings: "",
};
/// Nothing resumes the queue whose workers would ask other hosts.
const NOT_ADMINS: [&str; 3] = ["auth_logout", "sessions_end", "queues_resume"];
/// Made-up vendors, if any.
const ADMIN: Run = Run {
    name: "api-admin",
    examples: "10",
    operations: Operations::But(&NOT_ADMINS),
    settings: "",
};
/// The first of the demo shops, which has what can be asked for.
const ADMIN_OF_SHOP: Run = Run {
    name: "api-admin-of-shop",
    examples: "15",
    operations: Operations::But(&NOT_ADMINS),
    settings: "\n[parameters]\n\"query.vendor\" = 1\n",
};
const NOBODY: Run = Run {
    name: "api-nobody",
    examples: "10",
    operations: Operations::All,
    settings: "",
};
const ENDINGS: Run = Run {
    name: "api-endings",
    examples: "10",
    operations: Operations::Only(&ENDING),
    settings: "",
};

/// Runs the group. What is sent follows from `seed`.
pub(super) fn run(runner: &mut Runner<'_>, seed: u128) -> Result<(), FileError> {
    let workspace = runner.workspace();
    let tool = match Tool::install(workspace) {
        Ok(tool) => tool,
        Err(error) => {
            runner.fail("api", &format!("there is no schemathesis: {error}"));
            return Ok(());
        }
    };
    let log = workspace.path("target/test-logs/api-site.log");
    let site = match Site::start(workspace, &log) {
        Ok(site) => site,
        Err(error) => {
            runner.fail("api", &format!("there is no site to ask: {error}"));
            return Ok(());
        }
    };
    let runs = [
        (OWNER, Some(&site.owner)),
        (ADMIN, Some(&site.admin)),
        (ADMIN_OF_SHOP, Some(&site.admin)),
        (NOBODY, None),
        (ENDINGS, Some(&site.owner)),
    ];
    // All logins first: who has tried as many wrong ones as the tool must wait.
    let runs = runs.map(|(run, login)| (run, login.map(|login| site.token(login)).transpose()));
    for (run, token) in runs {
        let token = match token {
            Ok(token) => token,
            Err(error) => {
                runner.fail(run.name, &error.to_string());
                continue;
            }
        };
        let mut command = tool.command(&site, &run, token.as_deref(), seed)?;
        runner.check(run.name, &mut command)?;
        if let (Operations::But(_), Some(token)) = (run.operations, &token) {
            // Were it not, most answers were 401 and little was tried.
            let name = format!("{}-login", run.name);
            runner.own(&name, || site.still_in(token).map_err(|e| format!("{e}\n")))?;
        }
    }
    let end = runner.own("api-site", || site.stop().map_err(|e| format!("{e}\n")));
    end.map(drop)
}
