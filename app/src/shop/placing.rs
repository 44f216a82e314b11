//! Placing an order, once for each key.

use crate::domain::ids::{CustomerId, InvoiceId, OrderId, ProductId, VendorId};
use crate::domain::money::Money;
use crate::domain::order::{NewItem, NewOrder, OrderStatus};
use crate::errors::{AppError, AppResult, Problem};
use crate::events::{self, Event};
use crate::services::Services;
use crate::storage::Doing;
use crate::storage::idempotency::{self, Hold, Kept};
use crate::storage::placing::{self, PlacedOrder, Placement, Placing};
use axum::http::StatusCode;
use onebox_model::QueueName;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An order that was just placed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as of Order and Invoice")]
pub struct Placed {
    pub id: OrderId,
    pub status: OrderStatus,
    pub total_cents: i64,
    pub currency: String,
    pub vendor_id: VendorId,
    pub customer_id: Option<CustomerId>,
    pub invoice_id: InvoiceId,
    pub invoice_number: String,
}

/// Who orders where.
#[derive(Clone, Copy, Debug)]
pub struct Buyer {
    /// The only vendor whose products may be ordered; `None`: any one.
    pub vendor: Option<VendorId>,
    /// The user of the platform who orders, if it is one.
    pub user: Option<Uuid>,
    /// Where the order comes from, such as `api` or `shop`.
    pub source: &'static str,
}

/// A key and the digest of the request that carries it.
#[derive(Clone, Debug)]
pub struct Key {
    /// Whose key.
    pub user: Uuid,
    /// The client's word.
    pub key: String,
    /// Digest of method, path and body.
    pub fingerprint: String,
}

/// An answer that may have been given before.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body, as first sent.
    pub body: String,
    /// Where the order is.
    pub location: String,
    /// Whether it was given before.
    pub replayed: bool,
}

/// Places an order: everything or nothing, in one statement.
///
/// # Errors
/// 403 at the plan's limit, 409 when there are too few pieces, 422.
pub async fn place(services: &Services, buyer: Buyer, order: &NewOrder) -> AppResult<Placed> {
    let placing = placing(services, buyer, order)?;
    let placement = services.till.place(placing).await?;
    let placed = accepted(placement, &order.items)?;
    services.durability.written().await?;
    tell(services, &placed);
    Ok(placed)
}

/// The same, once for each key: the answer is kept in the transaction of the
/// order and given again to the same request.
///
/// # Errors
/// As [`place`]; 409 while another request with the key is being answered, 422
/// when the key was used for another request. A refusal is not kept: it left
/// nothing behind, and may come out differently next time.
pub async fn place_once(
    services: &Services,
    buyer: Buyer,
    order: &NewOrder,
    key: &Key,
) -> AppResult<Answer> {
    let placing = placing(services, buyer, order)?;
    let turn = services.till.turn().await?;
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    match idempotency::hold(&mut *transaction, key.user, &key.key, placing.now).await? {
        Hold::Busy => return Err(busy()),
        Hold::Known(kept) if kept.fingerprint == key.fingerprint => {
            // It may have been committed a moment ago. Connection and turn go
            // back before the flush: nothing is placed.
            transaction.rollback().await.doing("end a transaction")?;
            drop(turn);
            services.durability.written().await?;
            return Ok(Answer {
                body: kept.body,
                location: kept.location,
                replayed: true,
            });
        }
        Hold::Known(_) => {
            return Err(AppError::invalid(
                "Idempotency-Key",
                "was used for another request",
            ));
        }
        Hold::New => {}
    }
    let placement = placing::place(&mut *transaction, &placing).await?;
    let placed = match accepted(placement, &order.items) {
        Ok(placed) => placed,
        Err(refused) => {
            // At once: left to itself, the key is held until the connection is
            // used again, and the next try would find it taken.
            let undone = transaction.rollback().await;
            undone.doing("give up a refused order")?;
            return Err(refused);
        }
    };
    let body = serde_json::to_string(&placed).map_err(|error| {
        AppError::Internal(format!("a placed order cannot be written as JSON: {error}"))
    })?;
    let kept = Kept {
        fingerprint: key.fingerprint.clone(),
        status: 201,
        location: format!("/api/v1/orders/{}", placed.id),
        body,
    };
    if !idempotency::keep(&mut *transaction, key.user, &key.key, &kept, placing.now).await? {
        return Err(busy());
    }
    transaction.commit().await.doing("commit an order")?;
    drop(turn);
    services.durability.written().await?;
    tell(services, &placed);
    Ok(Answer {
        body: kept.body,
        location: kept.location,
        replayed: false,
    })
}

/// Wakes the worker that confirms the order, and tells those who watch. Neither
/// keeps the answer waiting.
fn tell(services: &Services, placed: &Placed) {
    services.wakeups.wake(QueueName::Emails);
    let Ok(currency) = placed.currency.parse() else {
        return;
    };
    let news = Event::NewOrder {
        vendor: placed.vendor_id,
        order: placed.id,
        total: Money::new(placed.total_cents, currency),
    };
    let services = services.clone();
    tokio::spawn(async move {
        if let Err(error) = events::publish(&services, &news).await {
            tracing::debug!("{error}; nobody hears of a new order");
        }
    });
}

fn placing(services: &Services, buyer: Buyer, order: &NewOrder) -> AppResult<Placing> {
    Ok(Placing {
        wanted: order.check()?,
        vendor: buyer.vendor,
        user: buyer.user,
        customer: order.customer.clone(),
        source: buyer.source,
        note: order.note.clone(),
        now: services.clock.now(),
    })
}

fn busy() -> AppError {
    Problem::new(StatusCode::CONFLICT)
        .detail("A request with this Idempotency-Key is being answered at this moment.")
        .retry_after(1)
        .into()
}

fn accepted(placement: Placement, items: &[NewItem]) -> AppResult<Placed> {
    match placement {
        Placement::Placed(order) => Ok(order.into()),
        Placement::PlanLimit => Err(AppError::plan_limit("orders this month")),
        Placement::Missing(ids) => Err(named(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Not everything that is ordered is on sale here.",
            &ids,
            items,
            "is not on sale here",
        )),
        Placement::Strangers(ids) => Err(named(
            StatusCode::UNPROCESSABLE_ENTITY,
            "An order is for one vendor; order the others apart.",
            &ids,
            items,
            "is of another vendor",
        )),
        Placement::Short(ids) => Err(named(
            StatusCode::CONFLICT,
            "There are too few pieces in stock.",
            &ids,
            items,
            "has too few pieces in stock",
        )),
    }
}

/// A problem that names the products, and where in the request they are.
fn named(
    status: StatusCode,
    detail: &str,
    ids: &[ProductId],
    items: &[NewItem],
    what: &str,
) -> AppError {
    let problem = Problem::new(status).detail(detail);
    items
        .iter()
        .enumerate()
        .filter(|(_, item)| ids.contains(&item.product_id))
        .fold(problem, |problem, (at, item)| {
            problem.field(
                format!("items[{at}].product_id"),
                format!("product {} {what}", item.product_id),
            )
        })
        .into()
}

impl From<PlacedOrder> for Placed {
    fn from(order: PlacedOrder) -> Self {
        Self {
            id: order.id,
            status: OrderStatus::Pending,
            total_cents: order.total_cents,
            currency: order.currency,
            vendor_id: order.vendor_id,
            customer_id: order.customer_id,
            invoice_id: order.invoice_id,
            invoice_number: order.invoice_number,
        }
    }
}
