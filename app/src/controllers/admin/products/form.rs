//! The form of a product, filled in, read and shown.

use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::domain::ids::{ProductId, VendorId};
use crate::domain::money::{Currency, Money};
use crate::domain::product::NewProduct;
use crate::errors::{AppError, AppResult};
use crate::pages::form::Form;
use crate::pages::picture::Attached;
use crate::state::AppState;
use crate::storage::product_images;
use crate::storage::products::ProductRow;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// What a browser sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    pub(super) csrf: String,
    revision: String,
    name: String,
    sku: String,
    price: String,
    stock: String,
    brand: String,
    gtin: String,
    description: String,
    is_active: String,
}

#[derive(Template)]
#[template(path = "admin/product.html")]
struct Page<'a> {
    frame: Frame,
    heading: &'a str,
    form: Form,
    known: Option<Known>,
}

/// What is shown of a product that is there already.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) id: ProductId,
    pub(super) pictures: Vec<Attached>,
    /// The form that sends another picture.
    pub(super) sending: Form,
}

impl Known {
    /// A product's pictures, and the form for another one.
    pub(super) async fn find(state: &AppState, vendor: VendorId, id: ProductId) -> AppResult<Self> {
        let rows = product_images::of_product(&state.pool, vendor, id).await?;
        let (files, now) = (&state.services.files, state.clock.now());
        let pictures = rows.iter().map(|row| Attached::signed(row, files, now));
        Ok(Self {
            id,
            pictures: pictures.collect::<Result<_, _>>()?,
            sending: Form::new().with("file", "").with("alt", ""),
        })
    }
}

impl Sent {
    /// A form for a product that is not there yet.
    pub(super) fn blank() -> Self {
        Self {
            stock: "0".to_owned(),
            is_active: "true".to_owned(),
            ..Self::default()
        }
    }

    /// The revision that was changed.
    pub(super) fn revision(&self) -> Option<i32> {
        self.revision.parse().ok()
    }

    /// What was filled in, as a product.
    ///
    /// # Errors
    /// When a number is none.
    pub(super) fn read(&self, currency: Currency) -> AppResult<NewProduct> {
        let price = Money::parse(&self.price, currency)
            .map_err(|error| AppError::invalid("price", format!("is no amount: {error}")))?;
        let stock = self
            .stock
            .trim()
            .parse()
            .map_err(|_| AppError::invalid("stock", "must be a whole number"))?;
        Ok(NewProduct {
            sku: self.sku.trim().to_owned(),
            name: self.name.trim().to_owned(),
            description: self.description.replace("\r\n", "\n"),
            price_cents: price.minor,
            stock,
            gtin: self.gtin.trim().to_owned(),
            brand: self.brand.trim().to_owned(),
            image_url: String::new(),
            is_active: self.is_active == "true",
        })
    }

    /// The form as it is shown.
    pub(super) fn form(&self) -> Form {
        Form::new()
            .with("revision", &self.revision)
            .with("name", &self.name)
            .with("sku", &self.sku)
            .with("price", &self.price)
            .with("stock", &self.stock)
            .with("brand", &self.brand)
            .with("gtin", &self.gtin)
            .with("description", &self.description)
            .with("is_active", &self.is_active)
            .requires(&["name", "sku", "price", "stock"])
    }
}

impl From<&ProductRow> for Sent {
    fn from(row: &ProductRow) -> Self {
        let price = row.currency.parse().map_or_else(
            |_| row.price_cents.to_string(),
            |currency| Money::new(row.price_cents, currency).amount(),
        );
        Self {
            csrf: String::new(),
            revision: row.revision.to_string(),
            name: row.name.clone(),
            sku: row.sku.clone(),
            price,
            stock: row.stock.to_string(),
            brand: row.brand.clone(),
            gtin: row.gtin.clone().unwrap_or_default(),
            description: row.description.clone(),
            is_active: row.is_active.to_string(),
        }
    }
}

/// The page with the form.
pub(super) fn show(
    status: StatusCode,
    frame: Frame,
    form: Form,
    known: Option<Known>,
) -> AppResult<Response> {
    let heading = match known {
        Some(_) => form.value("name").to_owned(),
        None => "New product".to_owned(),
    };
    page(
        status,
        &Page {
            frame,
            heading: &heading,
            form,
            known,
        },
    )
}
