//! Accounts, for those who manage them. What they may do is decided in
//! [`crate::auth::accounts`].

pub mod create;
pub mod delete;
pub mod list;
pub mod show;
pub mod update;

use crate::domain::ids::VendorId;
use crate::state::AppState;
use crate::storage::credentials::ProfileRow;
use crate::storage::users::Role;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Accounts.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list_users, create::create_user))
        .routes(routes!(
            show::show_user,
            update::update_user,
            delete::delete_user
        ))
}

/// An account, as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    id: Uuid,
    email: String,
    name: String,
    role: Role,
    vendor_id: Option<VendorId>,
    /// Whether it may log in.
    is_active: bool,
    /// Whether logging in takes a code.
    second_factor: bool,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    last_login_at: Option<OffsetDateTime>,
}

impl From<ProfileRow> for UserView {
    fn from(row: ProfileRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role: row.role,
            vendor_id: row.vendor_id,
            is_active: row.is_active,
            second_factor: row.second_factor,
            created_at: row.created_at,
            last_login_at: row.last_login_at,
        }
    }
}
