//! Numbers for axes: few, round, and written short.

use std::fmt::Write;

/// Round numbers from 0 to at least `highest`, evenly spaced, four to six.
#[must_use]
pub fn ticks(highest: f64) -> Vec<f64> {
    let highest = if highest.is_finite() && highest > 0.0 {
        highest
    } else {
        1.0
    };
    let rough = highest / 4.0;
    let magnitude = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * magnitude);
    let mut ticks = vec![0.0];
    let mut count = 0.0;
    while ticks.last().is_some_and(|last| *last < highest) {
        count += 1.0;
        ticks.push(step * count);
    }
    ticks
}

/// A number as briefly as it can be read: `1.2k`, `3M`, `0.25`.
#[must_use]
pub fn number(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let mut text = String::new();
    let decimals = match scaled.abs() {
        size if size >= 100.0 => 0,
        size if size >= 1.0 => 1,
        _ => 3,
    };
    // Writing to a String cannot fail.
    let _ = write!(text, "{scaled:.decimals$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" {
        "0".clone_into(&mut text);
    }
    text + suffix
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_short() {
        let written = [0.0, 0.25, 12.0, 999.5, 12_345.0, 3_000_000.0, -0.0001].map(number);
        assert_eq!(written, ["0", "0.25", "12", "1000", "12.3k", "3M", "0"]);
    }

    proptest! {
        #[test]
        fn ticks_cover_every_value_and_stay_few(highest in 1e-6_f64..1e12) {
            let ticks = ticks(highest);
            prop_assert!((3..=7).contains(&ticks.len()), "{ticks:?}");
            prop_assert_eq!(ticks[0], 0.0);
            prop_assert!(*ticks.last().unwrap() >= highest);
            prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
