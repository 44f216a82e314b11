//! What is wrong with something that came from outside, field by field.

/// One field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's name, as a path such as `items[2].quantity`.
    pub field: String,
    /// What is wrong, in words that follow the name.
    pub detail: String,
}

/// Collects faults, so that all are told at once.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Nothing wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn add(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Fault {
            field: field.into(),
            detail: detail.into(),
        });
    }

    /// Adds one unless the condition holds.
    pub fn check(&mut self, holds: bool, field: &str, detail: &str) {
        if !holds {
            self.add(field, detail);
        }
    }

    /// Refuses a text whose length in characters is outside the limits, or
    /// that holds control characters other than line breaks and tabs.
    pub fn text(&mut self, field: &str, value: &str, least: usize, most: usize) {
        let length = value.chars().count();
        if length < least && length == 0 {
            self.add(field, "is missing");
        } else if !(least..=most).contains(&length) {
            self.add(field, format!("must have {least} to {most} characters"));
        }
        let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        self.check(
            !value.contains(bad),
            field,
            "must not hold control characters",
        );
    }

    /// Refuses what is no mail address at first sight. Whether it exists only
    /// a mail to it can tell.
    pub fn email(&mut self, field: &str, value: &str) {
        let well = (3..=254).contains(&value.len())
            && value
                .split_once('@')
                .is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
            && !value.contains(|c: char| c.is_control() || c.is_whitespace());
        self.check(well, field, "must be a mail address");
    }

    /// Refuses what is no two-letter country code; nothing is fine too.
    pub fn country(&mut self, field: &str, value: &str) {
        let well = value.is_empty()
            || (value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase()));
        self.check(well, field, "must be two capital letters (ISO 3166-1)");
    }

    /// All of them; `Ok` when there are none.
    ///
    /// # Errors
    /// The faults.
    pub fn into_result(self) -> Result<(), Vec<Fault>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }
}
