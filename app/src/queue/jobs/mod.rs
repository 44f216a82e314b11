//! The jobs of the product, one kind a file.

pub mod alert_mail;
pub mod bench;
pub mod clean_up;
pub mod cleanup_expired_sessions;
pub mod credit_note_mail;
pub mod delete_files;
pub mod demo_mail;
pub mod due_credit_notes;
pub mod file_retention;
pub mod import_mail;
pub mod import_orders;
pub mod import_products;
pub mod invoice_mail;
pub mod mail_retention;
pub mod order_confirmation;
pub mod password_reset;
pub mod refresh_cloudflare;
pub mod rotate_signing_keys;
pub mod sales_report;
pub mod sample;
pub mod self_test;
pub mod stripe_event;
pub mod sync_subscription;
pub mod test_mail;
pub mod thumbnails;
