//! The values of a plot, as lines or as bars.

use super::{HEIGHT, LEFT, Plot, RIGHT, WIDTH};
use std::fmt::{Formatter, Result};

pub(super) fn lines(f: &mut Formatter<'_>, plot: &Plot, top: f64) -> Result {
    for (index, series) in plot.series.iter().enumerate() {
        write!(
            f,
            r#"<polyline class="plot-{index} plot-line" fill="none" stroke="currentColor" stroke-width="1.5" points=""#
        )?;
        for (at, value) in &series.points {
            write!(f, "{:.1},{:.1} ", plot.x(*at), plot.y(*value, top))?;
        }
        f.write_str(r#""/>"#)?;
    }
    Ok(())
}

pub(super) fn bars(f: &mut Formatter<'_>, plot: &Plot, top: f64) -> Result {
    let most = plot
        .series
        .iter()
        .map(|series| series.points.len())
        .max()
        .unwrap_or(0);
    let slots = u32::try_from(most * plot.series.len()).unwrap_or(u32::MAX);
    let width = ((WIDTH - LEFT - RIGHT) / f64::from(slots.max(1)) * 0.8).clamp(0.5, 40.0);
    let base = plot.y(0.0, top);
    let mut shift = 0.0;
    for (index, series) in plot.series.iter().enumerate() {
        write!(f, r#"<g class="plot-{index}" fill="currentColor">"#)?;
        for (at, value) in &series.points {
            // A bar ends at its moment, so that the last one is inside.
            let x = (plot.x(*at) - width + shift).clamp(LEFT, WIDTH - RIGHT - width);
            let y = plot.y(*value, top);
            let height = (base - y).clamp(0.0, HEIGHT);
            write!(
                f,
                r#"<rect class="plot-bar" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"/>"#
            )?;
        }
        f.write_str("</g>")?;
        shift += width;
    }
    Ok(())
}
