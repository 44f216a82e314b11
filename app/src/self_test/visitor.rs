//! The one who takes the walk: the owner of a shop that nobody is shown.

use super::StepError;
use super::site::{Product, Site, Token};
use crate::auth::password::Passwords;
use crate::random;
use crate::storage::accounts::{self, NewAccount};
use crate::storage::self_test as rows;
use crate::storage::users::Role;
use crate::storage::{Doing, StorageError};
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

/// No `Debug`: it has a password.
pub(super) struct Visitor {
    email: String,
    password: String,
    /// Of this walk alone.
    mark: String,
}

impl Visitor {
    /// Makes shop and owner in one transaction.
    pub(super) async fn make(connection: &mut PgConnection) -> Result<Self, StepError> {
        let mark = random::hex(&random::bytes::<16>()?);
        let slug = format!("{}{mark}", rows::SLUG);
        let email = rows::address(&slug);
        let password = random::token()?;
        let hash = Passwords::new().hash(password.clone()).await?;
        insert(connection, &slug, &email, &hash).await?;
        Ok(Self {
            email,
            password,
            mark,
        })
    }

    pub(super) async fn log_in(&self, site: &Site) -> Result<Token, StepError> {
        Ok(site.log_in(&self.email, &self.password).await?)
    }

    pub(super) async fn write(&self, site: &Site, token: &Token) -> Result<Product, StepError> {
        Ok(site.add_product(token, &self.mark).await?)
    }

    pub(super) async fn read(
        &self,
        site: &Site,
        token: &Token,
        product: &Product,
    ) -> Result<(), StepError> {
        match site.products(token).await?.contains(&product.sku) {
            true => Ok(()),
            false => Err(StepError::Lost {
                sku: product.sku.clone(),
            }),
        }
    }

    pub(super) async fn delete(
        &self,
        site: &Site,
        token: &Token,
        product: &Product,
    ) -> Result<(), StepError> {
        Ok(site.remove_product(token, product).await?)
    }
}

async fn insert(
    connection: &mut PgConnection,
    slug: &str,
    email: &str,
    hash: &str,
) -> Result<(), StorageError> {
    let now = OffsetDateTime::now_utc();
    let mut transaction = connection.begin().await.doing("begin a transaction")?;
    let vendor = rows::insert_vendor(&mut *transaction, slug, now).await?;
    let account = NewAccount {
        id: Uuid::now_v7(),
        email,
        name: "Self-test",
        role: Role::Owner,
        vendor_id: Some(vendor),
    };
    // The address is as random as the shop's: it is free.
    accounts::insert(&mut *transaction, &account, hash, now).await?;
    transaction
        .commit()
        .await
        .doing("commit the self-test's account")
}
