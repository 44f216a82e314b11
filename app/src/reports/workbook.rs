//! A report as a workbook: a sheet with the days and their plot, and a sheet
//! with the products. Rows go to disk as they come, so its size is not held
//! in memory. Text is written as text: nothing in it is taken for a formula.

use super::ReportError;
use crate::domain::money::Currency;
use crate::storage::sales::Sales;
use rust_xlsxwriter::{Chart, ChartType, ExcelDateTime, Format, Workbook, Worksheet};
use std::fs::File;
use std::path::Path;
use tokio::sync::mpsc::Receiver;

const DAYS: &str = "By day";
const PRODUCTS: &str = "By product";

pub(super) fn write(
    file: &File,
    scratch: &Path,
    currency: Currency,
    mut days: Receiver<Sales>,
    mut products: Receiver<Sales>,
) -> Result<(), ReportError> {
    let mut book = Workbook::new();
    book.set_tempdir(scratch)?;
    let look = Look::new(currency);
    let sheet = book.add_worksheet_with_constant_memory()?;
    head(
        sheet,
        DAYS,
        &["Day", "Orders", "Items", &look.revenue],
        &look,
    )?;
    let mut row = 0;
    while let Some(line) = days.blocking_recv() {
        row += 1;
        if let Some(day) = line.day {
            let year = u16::try_from(day.year()).unwrap_or_default();
            let day = ExcelDateTime::from_ymd(year, u8::from(day.month()), day.day())?;
            sheet.write_datetime_with_format(row, 0, &day, &look.date)?;
        }
        figures(sheet, row, 1, &line, &look)?;
    }
    if row > 0 {
        sheet.insert_chart(1, 5, &plot(row, &look))?;
    }
    let sheet = book.add_worksheet_with_constant_memory()?;
    let titles = ["Article", "Product", "Orders", "Items", &look.revenue];
    head(sheet, PRODUCTS, &titles, &look)?;
    let mut row = 0;
    while let Some(line) = products.blocking_recv() {
        row += 1;
        sheet.write_string(row, 0, &line.sku)?;
        sheet.write_string(row, 1, &line.name)?;
        figures(sheet, row, 2, &line, &look)?;
    }
    book.save_to_writer(file)?;
    Ok(())
}

struct Look {
    title: Format,
    date: Format,
    money: Format,
    revenue: String,
    /// Minor units of one.
    unit: f64,
}

impl Look {
    fn new(currency: Currency) -> Self {
        let digits = currency.exponent();
        let form = match digits {
            0 => "#,##0".to_owned(),
            digits => format!("#,##0.{}", "0".repeat(digits as usize)),
        };
        Self {
            title: Format::new().set_bold(),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            money: Format::new().set_num_format(form),
            revenue: format!("Revenue ({currency})"),
            unit: f64::from(10_u32.pow(digits)),
        }
    }
}

fn head(
    sheet: &mut Worksheet,
    name: &str,
    titles: &[&str],
    look: &Look,
) -> Result<(), ReportError> {
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, title) in (0..).zip(titles) {
        sheet.set_column_width(column, 16)?;
        sheet.write_string_with_format(0, column, *title, &look.title)?;
    }
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a workbook has no other numbers; cents are exact up to 90 thousand billion"
)]
fn figures(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    line: &Sales,
    look: &Look,
) -> Result<(), ReportError> {
    sheet.write_number(row, column, line.orders as f64)?;
    sheet.write_number(row, column + 1, line.items as f64)?;
    let revenue = line.revenue_cents as f64 / look.unit;
    sheet.write_number_with_format(row, column + 2, revenue, &look.money)?;
    Ok(())
}

fn plot(rows: u32, look: &Look) -> Chart {
    let mut chart = Chart::new(ChartType::Line);
    chart
        .add_series()
        .set_categories((DAYS, 1, 0, rows, 0))
        .set_values((DAYS, 1, 3, rows, 3))
        .set_name(&look.revenue);
    chart.title().set_name("Revenue by day");
    chart.x_axis().set_num_format("yyyy-mm-dd");
    chart.legend().set_hidden();
    chart.set_width(900).set_height(360);
    chart
}
