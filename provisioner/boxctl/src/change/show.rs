//! Plans and generations in words.

use onebox_api::generations::{Fate, FileChangeKind, Generation, Plan};
use serde_json::Value;

use crate::paint::Paint;

/// A plan for a person to judge.
pub(super) fn plan(plan: &Plan, paint: Paint) -> String {
    if plan.is_empty() {
        let in_force = plan
            .current
            .map(|number| format!(" with generation {number}"))
            .unwrap_or_default();
        return format!("Nothing to do: the box is as the operator's file says{in_force}.");
    }
    let mut text = String::new();
    for setting in &plan.settings {
        let (before, after) = if setting.secret {
            ("(secret)".to_owned(), "(changed)".to_owned())
        } else {
            (value(&setting.before), value(&setting.after))
        };
        let (before, after) = (paint.bad(&before), paint.good(&after));
        text += &format!("{}: {before} -> {after}\n", setting.key);
    }
    if plan.text_only {
        text += "Only comments and order differ; no unit is told.\n";
    }
    for file in &plan.files {
        let kind = match file.kind {
            FileChangeKind::Added => "added",
            FileChangeKind::Changed => "changed",
            FileChangeKind::Removed => "removed",
        };
        text += &format!("\n{} ({kind})\n", file.path);
        // The first two lines of a unified diff name files; they are above.
        for line in file.diff.lines().filter(|line| !names_a_file(line)) {
            let painted = match line.chars().next() {
                Some('+') => paint.good(line),
                Some('-') => paint.bad(line),
                Some('@') => paint.dim(line),
                _ => line.to_owned(),
            };
            text += &format!("  {painted}\n");
        }
    }
    if !plan.actions.is_empty() {
        text.push('\n');
    }
    for action in &plan.actions {
        text += &format!("{} {}\n", action.verb.name(), action.unit);
    }
    for warning in &plan.warnings {
        text += &format!("\n{}\n", paint.warn(warning));
    }
    if plan.needs_confirmation {
        let words = "This could lock you out: after `boxctl apply` it is taken back unless it is confirmed within 60 seconds.";
        text += &format!("\n{}\n", paint.warn(words));
    }
    text.trim().to_owned()
}

fn names_a_file(line: &str) -> bool {
    line.starts_with("--- ") || line.starts_with("+++ ")
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "(not set)".to_owned(),
        other => other.to_string(),
    }
}

/// What became of a generation.
pub(super) fn fate(generation: &Generation) -> String {
    match &generation.fate {
        Fate::Applying => "being applied".to_owned(),
        Fate::Unconfirmed { until } => format!("must be confirmed until {until}"),
        Fate::Kept => "kept".to_owned(),
        Fate::Reverted { why } => format!("taken back: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::generations::{Action, FileChange, SettingChange};
    use onebox_api::units::Verb;
    use serde_json::json;

    #[test]
    fn a_plan_says_what_changes_and_hides_secrets() {
        let setting = |key: &str, secret| SettingChange {
            key: key.to_owned(),
            before: Value::Null,
            after: json!("x"),
            secret,
        };
        let plan = Plan {
            current: Some(1),
            settings: vec![setting("time.zone", false), setting("database.url", true)],
            files: vec![FileChange {
                path: "/run/onebox/redis/redis.conf".to_owned(),
                kind: FileChangeKind::Changed,
                diff: "--- a\n+++ b\n@@ -1 +1 @@\n-maxmemory 1\n+maxmemory 2\n".to_owned(),
            }],
            actions: vec![Action {
                unit: "redis.service".to_owned(),
                verb: Verb::Restart,
            }],
            needs_confirmation: true,
            ..Plan::default()
        };
        let text = super::plan(&plan, Paint::none());
        for part in [
            "time.zone: (not set) -> \"x\"",
            "database.url: (secret) -> (changed)",
            "redis.conf (changed)",
            "  +maxmemory 2",
            "restart redis.service",
            "within 60 seconds",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        assert!(!text.contains("+++"), "{text}");
        assert!(super::plan(&Plan::default(), Paint::none()).starts_with("Nothing to do"));
    }
}
