//! The frame of a plot: grid, numbers, times, unit and legend.

use super::{BOTTOM, Escaped, HEIGHT, LEFT, Plot, RIGHT, TOP, WIDTH, scale};
use std::fmt::{Formatter, Result};
use time::Duration;
use time::macros::format_description;

/// Times on the horizontal axis.
const TIMES: i32 = 4;

pub(super) fn draw(f: &mut Formatter<'_>, plot: &Plot, ticks: &[f64]) -> Result {
    let top = ticks.last().copied().unwrap_or(1.0);
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    f.write_str(r#"<g class="plot-axes" fill="currentColor" font-size="11">"#)?;
    for tick in ticks {
        let y = plot.y(*tick, top);
        write!(
            f,
            r#"<line class="plot-grid" x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}" stroke="currentColor" stroke-opacity="0.2"/><text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
            LEFT - 6.0,
            y + 4.0,
            scale::number(*tick)
        )?;
    }
    let span = plot.until - plot.from;
    for step in 0..=TIMES {
        let at = plot.from + span * step / TIMES;
        let local = plot.zone.at(at);
        let time = if span > Duration::days(2) {
            local.format(format_description!("[month]-[day]"))
        } else {
            local.format(format_description!("[hour]:[minute]"))
        };
        let anchor = match step {
            0 => "start",
            TIMES => "end",
            _ => "middle",
        };
        write!(
            f,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="{anchor}">{}</text>"#,
            plot.x(at),
            bottom + 15.0,
            time.unwrap_or_default()
        )?;
    }
    write!(
        f,
        r#"<text class="plot-unit" x="{LEFT}" y="{:.1}">{}, {}</text></g>"#,
        TOP - 2.0,
        Escaped(&plot.unit),
        Escaped(plot.zone.name())
    )?;
    legend(f, plot)
}

fn legend(f: &mut Formatter<'_>, plot: &Plot) -> Result {
    let mut x = LEFT;
    let y = HEIGHT - 10.0;
    for (index, series) in plot.series.iter().enumerate() {
        write!(
            f,
            r#"<g class="plot-{index}" fill="currentColor"><rect x="{x:.1}" y="{:.1}" width="10" height="10"/></g><text class="plot-name" x="{:.1}" y="{y}" font-size="11" fill="currentColor">{}</text>"#,
            y - 9.0,
            x + 14.0,
            Escaped(&series.name)
        )?;
        let letters = u32::try_from(series.name.chars().count()).unwrap_or(u32::MAX);
        x += 30.0 + 6.5 * f64::from(letters);
    }
    Ok(())
}
