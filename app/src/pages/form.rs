//! A form as it is shown: what stands in its fields, and what is wrong with
//! them. Forms that were refused come back as they were filled in.

use crate::errors::{AppError, FieldError, Problem};
use std::collections::BTreeMap;

/// Fields by name.
#[derive(Clone, Debug, Default)]
pub struct Form {
    values: BTreeMap<&'static str, String>,
    required: Vec<&'static str>,
    faults: Vec<FieldError>,
    prefix: &'static str,
}

impl Form {
    /// Nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts something into a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    /// Names the fields that must be filled in.
    #[must_use]
    pub fn requires(mut self, names: &[&'static str]) -> Self {
        self.required.extend_from_slice(names);
        self
    }

    /// Says something on top of what is wrong.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.faults.push(FieldError {
            field: String::new(),
            detail: text.into(),
        });
        self
    }

    /// Problems name these fields with a prefix that the form does not have.
    #[must_use]
    pub fn below(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    /// Takes what is wrong from a problem; anything that is not the form's
    /// fault is given back.
    ///
    /// # Errors
    /// The error, when it is none of the form.
    pub fn refused(mut self, error: AppError) -> Result<Self, AppError> {
        match error {
            AppError::Problem(problem) if concerns_the_form(&problem) => {
                let own = |fault: &FieldError| FieldError {
                    field: fault
                        .field
                        .strip_prefix(self.prefix)
                        .unwrap_or(&fault.field)
                        .to_owned(),
                    detail: fault.detail.clone(),
                };
                let faults = problem.fields().iter().map(own);
                self.faults.extend(faults.collect::<Vec<_>>());
                if problem.fields().is_empty() {
                    self.faults.push(FieldError {
                        field: String::new(),
                        detail: problem.detail_text().unwrap_or(problem.title()).to_owned(),
                    });
                }
                Ok(self)
            }
            error => Err(error),
        }
    }

    /// What stands in a field.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What is wrong with a field, in words that follow its name.
    #[must_use]
    pub fn fault(&self, name: &str) -> Option<&str> {
        self.faults
            .iter()
            .find(|fault| fault.field == name)
            .map(|fault| fault.detail.as_str())
    }

    /// What is wrong with no field that is shown.
    #[must_use]
    pub fn general(&self) -> Vec<String> {
        self.faults
            .iter()
            .filter(|fault| !self.values.contains_key(fault.field.as_str()))
            .map(|fault| {
                format!("{} {}", fault.field, fault.detail)
                    .trim()
                    .to_owned()
            })
            .collect()
    }

    /// Whether it was refused.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Whether a field must be filled in.
    #[must_use]
    pub fn is_required(&self, name: &str) -> bool {
        self.required.contains(&name)
    }
}

/// 4xx that the person at the form can do something about.
fn concerns_the_form(problem: &Problem) -> bool {
    matches!(problem.status(), 403 | 409 | 412 | 413 | 422)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_stands_beside_its_field_and_the_rest_on_top() {
        let form = Form::new().with("sku", "A-1").with("name", "");
        let error = AppError::from(
            Problem::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY)
                .field("name", "is missing")
                .field("gtin", "is not one"),
        );
        let form = form.refused(error).unwrap();
        assert_eq!(form.value("sku"), "A-1");
        assert_eq!(form.fault("name"), Some("is missing"));
        assert_eq!(form.general(), ["gtin is not one"]);
    }

    #[test]
    fn what_is_our_fault_is_not_the_forms() {
        let form = Form::new();
        assert!(form.refused(AppError::Internal("x".into())).is_err());
    }
}
