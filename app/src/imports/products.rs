//! Products from a feed: a table in CSV, with headings, from a web server or
//! from a file that somebody sent.

use super::columns::{Columns, Field};
use super::decode::Decoder;
use super::product::{self, Product};
use super::rows::{NoTable, Row, Rows};
use super::run::{self, RunError};
use super::source::{Feed, Source};
use crate::domain::money::Currency;
use crate::queue::job::Context;
use crate::sheets::cells;
use crate::storage::imported_products::{self, Batch};
use crate::storage::imports::{self, From as Begin, ImportRow, RowError, Step};
use crate::storage::{Doing, plans, products};
use std::collections::HashMap;

/// Rows written at a time. Larger batches gain little and hold their locks
/// for longer.
const ROWS: usize = 500;

/// A run under way.
struct Run<'a> {
    context: &'a Context,
    import: &'a mut ImportRow,
    currency: Currency,
    columns: Option<Columns>,
    /// Rows up to here were written by an earlier run.
    skip: i64,
    /// The file may be one of our own exports, whose cells are guarded.
    guarded: bool,
    read_bytes: i64,
    last_row: i64,
    products: Vec<(i64, Product)>,
    errors: Vec<RowError>,
    failed: i64,
}

impl From<NoTable> for RunError {
    fn from(error: NoTable) -> Self {
        Self::Never(error.to_string())
    }
}

pub(super) async fn run(context: &Context, import: &mut ImportRow) -> Result<(), RunError> {
    let (_, currency) = imported_products::vendor(&context.pool, import.vendor_id).await?;
    let currency = currency
        .parse()
        .map_err(|error: crate::domain::money::UnknownCurrency| {
            RunError::Never(error.to_string())
        })?;
    let source_url = import.source_url.clone();
    let source = Source::of(&source_url);
    let mut feed = Feed::open(context, import.vendor_id, &source).await?;
    begin(context, import, &feed.tag, feed.total).await?;
    let mut run = Run {
        skip: import.position,
        guarded: matches!(source, Source::File(..)),
        context,
        import,
        currency,
        columns: None,
        read_bytes: 0,
        last_row: 0,
        products: Vec::new(),
        errors: Vec::new(),
        failed: 0,
    };
    let (mut decoder, mut rows) = (Decoder::default(), Rows::default());
    while let Some(chunk) = feed.chunk().await? {
        run.read_bytes += i64::try_from(chunk.len()).unwrap_or(0);
        // Small pieces, so that rows are written as they are unpacked.
        for piece in chunk.chunks(4096) {
            decoder.push(piece, |text| rows.push(text).map_err(RunError::from))?;
            run.drain(&mut rows).await?;
        }
    }
    decoder.finish(|text| rows.push(text).map_err(RunError::from))?;
    rows.finish()?;
    run.drain(&mut rows).await?;
    if run.columns.is_none() {
        return Err(RunError::Never("the feed is empty".to_owned()));
    }
    run.write().await
}

/// Goes on when the source is the one an earlier run read, else starts over.
async fn begin(
    context: &Context,
    import: &mut ImportRow,
    tag: &str,
    total: Option<i64>,
) -> Result<(), RunError> {
    let same = !tag.is_empty() && tag == import.source_tag && total == import.total_bytes;
    let from = if same { Begin::Position } else { Begin::Start };
    if from == Begin::Start {
        import.position = 0;
    }
    let mut transaction = context.pool.begin().await.doing("begin a transaction")?;
    imports::begin_source(&mut transaction, import, tag, total, from).await?;
    transaction
        .commit()
        .await
        .doing("commit the source of an import")?;
    Ok(())
}

impl Run<'_> {
    async fn drain(&mut self, rows: &mut Rows) -> Result<(), RunError> {
        while let Some(row) = rows.next_row() {
            self.take(row)?;
            let waiting = self.products.len() + self.errors.len();
            if waiting >= ROWS {
                self.write().await?;
            }
        }
        Ok(())
    }

    fn take(&mut self, row: Row) -> Result<(), RunError> {
        let Some(columns) = &self.columns else {
            let headings = row.fields.unwrap_or_default();
            let columns =
                Columns::of(&headings).map_err(|error| RunError::Never(error.to_string()))?;
            self.columns = Some(columns);
            return Ok(());
        };
        if row.number <= self.skip {
            return Ok(());
        }
        self.last_row = row.number;
        let Some(mut fields) = row.fields else {
            self.wrong(
                row.number,
                "",
                "",
                "the row is too long; is a quote missing?",
            );
            return Ok(());
        };
        if self.guarded {
            for field in &mut fields {
                let text = cells::unguard(field);
                if text.len() != field.len() {
                    *field = text.to_owned();
                }
            }
        }
        match product::read(columns, &fields, row.number, self.currency) {
            Ok(product) => self.products.push((row.number, product)),
            Err(errors) => {
                self.failed += 1;
                self.errors.extend(errors);
            }
        }
        Ok(())
    }

    fn wrong(&mut self, row_number: i64, field: &str, value: &str, detail: &str) {
        self.failed += 1;
        self.errors.push(RowError {
            row_number,
            field: field.to_owned(),
            value: super::excerpt(value),
            detail: detail.to_owned(),
        });
    }

    /// Writes what waits, and with it how far the import is.
    async fn write(&mut self) -> Result<(), RunError> {
        if self.last_row == 0 {
            return Ok(());
        }
        let pool = self.context.pool.clone();
        let mut transaction = pool.begin().await.doing("begin a transaction")?;
        self.drop_repeated(&mut transaction).await?;
        self.drop_beyond_plan(&mut transaction).await?;
        let products = std::mem::take(&mut self.products);
        let rows = i64::try_from(products.len()).unwrap_or(i64::MAX);
        let written = imported_products::upsert(
            &mut transaction,
            self.import.vendor_id,
            self.currency.as_str(),
            &columns_of(products),
            &self.present(),
            self.context.clock.now(),
        )
        .await?;
        if !self.errors.is_empty() {
            imports::add_errors(&mut *transaction, self.import.id, &self.errors).await?;
        }
        let step = Step {
            position: self.last_row,
            cursor: None,
            read_bytes: self.read_bytes,
            created: written.created,
            updated: written.updated,
            same: rows - written.created - written.updated,
            failed: self.failed,
        };
        let advanced = imports::advance(&mut *transaction, self.import, &step).await?;
        *self.import = advanced.ok_or(RunError::NotOurs)?;
        transaction
            .commit()
            .await
            .doing("commit a batch of an import")?;
        self.errors.clear();
        self.failed = 0;
        run::tell(self.context, self.import, "products").await;
        Ok(())
    }

    /// The first row with an article number counts; later ones are errors.
    async fn drop_repeated(&mut self, connection: &mut sqlx::PgConnection) -> Result<(), RunError> {
        let skus: Vec<String> = self.products.iter().map(|(_, p)| p.sku.clone()).collect();
        let rows: Vec<i64> = self.products.iter().map(|(row, _)| *row).collect();
        let first = imports::claim_skus(&mut *connection, self.import.id, &skus, &rows).await?;
        if first.len() == rows.len() {
            return Ok(());
        }
        let (kept, repeated): (Vec<_>, Vec<_>) = std::mem::take(&mut self.products)
            .into_iter()
            .partition(|(row, _)| first.contains(row));
        self.products = kept;
        let skus: Vec<String> = repeated.iter().map(|(_, p)| p.sku.clone()).collect();
        let firsts = imports::first_rows(connection, self.import.id, &skus).await?;
        let firsts: HashMap<String, i64> = firsts.into_iter().collect();
        for (row, product) in repeated {
            let of = firsts.get(&product.sku).copied().unwrap_or_default();
            let detail = format!("stands already in row {of}, which counts");
            self.wrong(row, Field::Sku.as_str(), &product.sku, &detail);
        }
        Ok(())
    }

    /// What is new and for which the plan has no room is not taken; what is
    /// there is changed all the same.
    async fn drop_beyond_plan(
        &mut self,
        connection: &mut sqlx::PgConnection,
    ) -> Result<(), RunError> {
        let vendor = self.import.vendor_id;
        // Counting and adding is one step: the vendor's row stays locked.
        let limits = plans::hold(&mut *connection, vendor).await?;
        let most = limits.as_ref().and_then(|limits| limits.max_products);
        let (Some(limits), Some(most)) = (limits, most) else {
            return Ok(());
        };
        let skus: Vec<String> = self.products.iter().map(|(_, p)| p.sku.clone()).collect();
        let known = imported_products::known(&mut *connection, vendor, &skus).await?;
        let count = products::count(connection, vendor).await?;
        let mut room = usize::try_from(i64::from(most) - count).unwrap_or(0);
        let plan = limits.plan.unwrap_or_default();
        for (row, product) in std::mem::take(&mut self.products) {
            if !known.contains(&product.sku) {
                if room == 0 {
                    let detail = format!(
                        "the plan {plan} allows {most} products; remove some or choose a larger plan, and import again"
                    );
                    self.wrong(row, Field::Sku.as_str(), &product.sku, &detail);
                    continue;
                }
                room -= 1;
            }
            self.products.push((row, product));
        }
        Ok(())
    }

    /// The columns that change a product which is there.
    fn present(&self) -> Vec<&'static str> {
        let has = |field| {
            self.columns
                .as_ref()
                .is_some_and(|columns| columns.has(field))
        };
        let mut present: Vec<&'static str> = [
            Field::Description,
            Field::Stock,
            Field::Gtin,
            Field::Brand,
            Field::ImageLink,
        ]
        .into_iter()
        .filter(|field| has(*field))
        .map(Field::as_str)
        .collect();
        if has(Field::Availability) && !has(Field::Stock) {
            present.push(Field::Stock.as_str());
        }
        present
    }
}

fn columns_of(products: Vec<(i64, Product)>) -> Batch {
    let mut batch = Batch::default();
    for (_, product) in products {
        batch.sku.push(product.sku);
        batch.name.push(product.name);
        batch.description.push(product.description);
        batch.price_cents.push(product.price_cents);
        batch.stock.push(product.stock);
        batch.gtin.push(product.gtin);
        batch.brand.push(product.brand);
        batch.image_url.push(product.image_url);
    }
    batch
}
