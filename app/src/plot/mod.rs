//! Plots as SVG made on the server: lines or bars over time, with axes, a
//! legend, and words for those who do not see them. No styles stand in them
//! (the Content-Security-Policy refuses those); series carry the classes
//! `plot-0`, `plot-1` … and colours come from the style sheet.
//!
//! Start at [`Plot::render`]; [`scale`] chooses the numbers on the axes.

mod axes;
mod marks;
pub mod scale;

use crate::domain::zone::Zone;
use std::fmt;
use time::OffsetDateTime;

/// Size of the drawing, in its own units; it scales with the page.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;
/// Room for the labels.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 48.0;

/// How values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// A line through the values.
    Lines,
    /// A bar for each value, side by side.
    Bars,
}

/// Values under one name.
#[derive(Clone, Debug)]
pub struct Series {
    /// The name in the legend.
    pub name: String,
    /// The values, oldest first.
    pub points: Vec<(OffsetDateTime, f64)>,
}

/// Something to be drawn.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it shows; also what its parts' ids begin with.
    pub title: String,
    /// What the numbers are, such as "jobs a minute".
    pub unit: String,
    /// In which time the horizontal axis is written.
    pub zone: Zone,
    /// The first and last moment of the horizontal axis.
    pub from: OffsetDateTime,
    /// See `from`.
    pub until: OffsetDateTime,
    /// Lines or bars.
    pub marks: Marks,
    /// The values.
    pub series: Vec<Series>,
}

impl Plot {
    /// The `<svg>` element.
    #[must_use]
    pub fn render(&self) -> String {
        Svg(self).to_string()
    }

    /// What it shows in a sentence, for those who do not see it.
    #[must_use]
    pub fn summary(&self) -> String {
        let parts: Vec<String> = self
            .series
            .iter()
            .map(|series| {
                let values = || series.points.iter().map(|(_, value)| *value);
                match series.points.last() {
                    None => format!("{}: no values", series.name),
                    Some((_, last)) => format!(
                        "{}: lowest {}, highest {}, last {}",
                        series.name,
                        scale::number(values().fold(f64::INFINITY, f64::min)),
                        scale::number(values().fold(f64::NEG_INFINITY, f64::max)),
                        scale::number(*last)
                    ),
                }
            })
            .collect();
        format!("{}. {}.", self.unit, parts.join("; "))
    }

    fn id(&self, part: &str) -> String {
        let slug: String = self
            .title
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        format!("plot-{slug}-{part}")
    }

    fn highest(&self) -> f64 {
        self.series
            .iter()
            .flat_map(|series| &series.points)
            .map(|(_, value)| *value)
            .filter(|value| value.is_finite())
            .fold(0.0, f64::max)
    }

    fn x(&self, at: OffsetDateTime) -> f64 {
        let whole = (self.until - self.from).as_seconds_f64();
        let part = (at - self.from).as_seconds_f64();
        let share = if whole > 0.0 {
            (part / whole).clamp(0.0, 1.0)
        } else {
            0.0
        };
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64, top: f64) -> f64 {
        let share = if value.is_finite() {
            (value / top).clamp(0.0, 1.0)
        } else {
            0.0
        };
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }
}

struct Svg<'a>(&'a Plot);

impl fmt::Display for Svg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plot = self.0;
        let (title, desc) = (plot.id("title"), plot.id("desc"));
        write!(
            f,
            r#"<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{title} {desc}">"#
        )?;
        write!(f, r#"<title id="{title}">{}</title>"#, Escaped(&plot.title))?;
        write!(
            f,
            r#"<desc id="{desc}">{}</desc>"#,
            Escaped(&plot.summary())
        )?;
        let ticks = scale::ticks(plot.highest());
        axes::draw(f, plot, &ticks)?;
        let top = ticks.last().copied().unwrap_or(1.0);
        match plot.marks {
            Marks::Lines => marks::lines(f, plot, top)?,
            Marks::Bars => marks::bars(f, plot, top)?,
        }
        f.write_str("</svg>")
    }
}

/// Text that cannot become markup.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    fn plot(marks: Marks, values: &[f64]) -> Plot {
        let from = datetime!(2026-01-01 10:00 UTC);
        let points = (1..)
            .zip(values)
            .map(|(minute, value)| (from + Duration::minutes(minute), *value))
            .collect();
        Plot {
            title: "Jobs <done>".to_owned(),
            unit: "jobs a minute".to_owned(),
            zone: Zone::utc(),
            from,
            until: from + Duration::HOUR,
            marks,
            series: vec![Series {
                name: "default & more".to_owned(),
                points,
            }],
        }
    }

    #[test]
    fn names_cannot_become_markup() {
        let svg = plot(Marks::Lines, &[1.0, 2.0]).render();
        assert!(
            svg.contains("Jobs &lt;done&gt;") && svg.contains("default &amp; more"),
            "{svg}"
        );
        assert!(!svg.contains("<done>"));
    }

    #[test]
    fn it_carries_no_style_and_no_script() {
        for marks in [Marks::Lines, Marks::Bars] {
            let svg = plot(marks, &[1.0, 5.0, 0.0]).render();
            assert!(!svg.contains("style") && !svg.contains("script"), "{svg}");
        }
    }

    #[test]
    fn it_says_in_words_what_it_shows() {
        let words = plot(Marks::Bars, &[3.0, 12.0, 4.5]).summary();
        assert_eq!(
            words,
            "jobs a minute. default & more: lowest 3, highest 12, last 4.5."
        );
        let words = plot(Marks::Bars, &[]).summary();
        assert_eq!(words, "jobs a minute. default & more: no values.");
    }

    #[test]
    fn what_is_no_number_stays_inside_the_frame() {
        let svg = plot(Marks::Lines, &[f64::NAN, f64::INFINITY, -4.0]).render();
        assert!(
            !svg.contains("NaN,") && !svg.contains(",NaN") && !svg.contains("inf,"),
            "{svg}"
        );
        assert!(!plot(Marks::Bars, &[0.0]).render().contains("NaN"));
    }

    #[test]
    fn there_is_a_bar_for_each_value() {
        let svg = plot(Marks::Bars, &[1.0, 2.0, 3.0]).render();
        assert_eq!(svg.matches("<rect class=\"plot-bar").count(), 3, "{svg}");
    }
}
