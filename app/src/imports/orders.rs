//! Orders from a marketplace's interface, page by page. The form of a page is
//! described in [`super::order`].

use super::fetch::{self, FetchError, Request};
use super::order::{InvoicedBy, Page, Sent, Wrong};
use super::run::{self, RunError};
use crate::domain::ids::{OrderId, VendorId};
use crate::domain::money::Currency;
use crate::domain::order::OrderStatus;
use crate::queue::job::Context;
use crate::storage::imported_orders::{self, Customer, Order};
use crate::storage::imported_products;
use crate::storage::imports::{self, ImportRow, RowError, Step};
use crate::storage::{Doing, credit_notes};
use reqwest::Url;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// The largest page that is read.
const LARGEST_PAGE: usize = 8 << 20;
/// The most orders of one page.
const MOST_ORDERS: usize = 1_000;

/// What an order came to.
enum Came {
    New,
    Changed,
    Same,
}

pub(super) async fn run(context: &Context, import: &mut ImportRow) -> Result<(), RunError> {
    let (slug, currency) = imported_products::vendor(&context.pool, import.vendor_id).await?;
    let currency: Currency =
        currency
            .parse()
            .map_err(|error: crate::domain::money::UnknownCurrency| {
                RunError::Never(error.to_string())
            })?;
    let base = Url::parse(&import.source_url)
        .map_err(|_| RunError::Never("the address is no URL".to_owned()))?;
    let source = format!("marketplace:{}", base.host_str().unwrap_or_default());
    let token = token(context, &base)?;
    loop {
        let (page, bytes) =
            page(context, &base, import.cursor.as_deref(), token.as_deref()).await?;
        if page.seller != slug {
            let seller = super::excerpt(&page.seller);
            return Err(RunError::Never(format!(
                "these are orders of the seller {seller:?}, not of {slug:?}"
            )));
        }
        if page.next_cursor.is_some() && page.next_cursor == import.cursor {
            return Err(RunError::Never(
                "the source gives the same page for ever".to_owned(),
            ));
        }
        write(context, import, &page, bytes, &source, currency).await?;
        if page.next_cursor.is_none() {
            return Ok(());
        }
    }
}

/// The token goes to the marketplace it is for, whatever a user asks for.
fn token(context: &Context, url: &Url) -> Result<Option<String>, RunError> {
    let config = &context.services.config;
    let origin = config.imports.orders_origin.as_deref();
    let same = origin
        .and_then(|origin| Url::parse(origin).ok())
        .is_some_and(|origin| origin.origin() == url.origin());
    match &config.imports.orders_token {
        Some(token) if same => config
            .reveal(token)
            .map(Some)
            .map_err(|error| RunError::Later(error.to_string())),
        _ => Ok(None),
    }
}

async fn page(
    context: &Context,
    base: &Url,
    cursor: Option<&str>,
    token: Option<&str>,
) -> Result<(Page, i64), RunError> {
    let mut url = base.clone();
    if let Some(cursor) = cursor {
        url.query_pairs_mut().append_pair("cursor", cursor);
    }
    let request = Request {
        url: url.as_str(),
        accept: "application/json",
        token,
    };
    let mut response = fetch::fetch(&context.services.outbound, request).await?;
    let mut decoder = super::decode::Decoder::default();
    let (mut body, mut bytes) = (Vec::new(), 0);
    let mut add = |text: &[u8]| {
        body.extend_from_slice(text);
        match body.len() > LARGEST_PAGE {
            true => Err(RunError::Never(
                "a page of orders is larger than 8 MiB".to_owned(),
            )),
            false => Ok(()),
        }
    };
    while let Some(chunk) = response.chunk().await.map_err(|e| fetch::failure(&e))? {
        bytes += i64::try_from(chunk.len()).unwrap_or(0);
        decoder.push(&chunk, &mut add)?;
    }
    decoder.finish(&mut add)?;
    let page: Page = serde_json::from_slice(&body).map_err(|error| {
        FetchError::Never(format!("the source sends no page of orders: {error}"))
    })?;
    if page.orders.len() > MOST_ORDERS {
        let text = format!("a page has more than {MOST_ORDERS} orders");
        return Err(RunError::Never(text));
    }
    Ok((page, bytes))
}

/// Writes a page, and with it where the next one starts.
async fn write(
    context: &Context,
    import: &mut ImportRow,
    page: &Page,
    bytes: i64,
    source: &str,
    currency: Currency,
) -> Result<(), RunError> {
    let mut transaction = context.pool.begin().await.doing("begin a transaction")?;
    let mut step = Step {
        position: import.position,
        cursor: page.next_cursor.clone(),
        read_bytes: import.read_bytes + bytes,
        ..Step::default()
    };
    let mut errors = Vec::new();
    for sent in &page.orders {
        step.position += 1;
        let order = Sent::read(sent);
        let came = match &order {
            Ok(order) => one(context, &mut transaction, import, order, source, currency).await?,
            Err(_) => None,
        };
        match came {
            Some(Came::New) => step.created += 1,
            Some(Came::Changed) => step.updated += 1,
            Some(Came::Same) => step.same += 1,
            None => {
                step.failed += 1;
                errors.extend(complaint(order, currency, step.position));
            }
        }
    }
    if !errors.is_empty() {
        imports::add_errors(&mut *transaction, import.id, &errors).await?;
    }
    let advanced = imports::advance(&mut *transaction, import, &step).await?;
    *import = advanced.ok_or(RunError::NotOurs)?;
    transaction
        .commit()
        .await
        .doing("commit a page of orders")?;
    run::tell(context, import, "orders").await;
    Ok(())
}

fn complaint(order: Result<Sent, Wrong>, currency: Currency, row_number: i64) -> Option<RowError> {
    let wrong = order.and_then(|order| order.check(currency)).err()?;
    Some(RowError {
        row_number,
        field: wrong.field.to_owned(),
        value: super::excerpt(&wrong.value),
        detail: super::excerpt(&wrong.detail),
    })
}

/// Writes one order; `None` when it is not as it must be.
async fn one(
    context: &Context,
    connection: &mut PgConnection,
    import: &ImportRow,
    sent: &Sent,
    source: &str,
    currency: Currency,
) -> Result<Option<Came>, RunError> {
    let Ok((total_cents, items)) = sent.check(currency) else {
        return Ok(None);
    };
    let (vendor, now) = (import.vendor_id, context.clock.now());
    let order = Order {
        source,
        external_id: &sent.id,
        status: sent.status.as_str(),
        total_cents,
        currency: currency.as_str(),
        note: &sent.note,
        placed_at: sent.placed_at,
    };
    let customer = Customer {
        email: &sent.customer.email,
        name: &sent.customer.name,
        address: &sent.customer.address,
        country: &sent.customer.country,
    };
    let customer =
        imported_orders::upsert_customer(&mut *connection, vendor, &customer, now).await?;
    let new =
        imported_orders::insert(&mut *connection, vendor, customer, &order, &items, now).await?;
    if let Some(id) = new {
        if sent.invoiced_by == InvoicedBy::Seller {
            imported_orders::insert_invoice(&mut *connection, vendor, id, now).await?;
            take_back(connection, vendor, id, sent.status, now).await?;
        }
        return Ok(Some(Came::New));
    }
    let changed = imported_orders::update(&mut *connection, vendor, &order, now).await?;
    let Some((id, status)) = changed else {
        return Ok(Some(Came::Same));
    };
    take_back(connection, vendor, id, status, now).await?;
    Ok(Some(Came::Changed))
}

/// The invoice of an order that was called off elsewhere, if it was ours. The
/// marketplace tells the customer, not we.
async fn take_back(
    connection: &mut PgConnection,
    vendor: VendorId,
    order: OrderId,
    status: OrderStatus,
    now: OffsetDateTime,
) -> Result<(), RunError> {
    if status.takes_back() {
        credit_notes::issue(connection, vendor, order, status, now).await?;
    }
    Ok(())
}
