//! `wizamart seed`: made-up shops, for demonstrations and for load.

use super::{CliError, runtime};
use crate::auth::password::Passwords;
use crate::random;
use crate::settings::Settings;
use crate::storage::connect::connect_patiently;
use crate::storage::seed::{self, Amount, Words};
use crate::storage::{Doing, StorageError};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// Shops
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    vendors: i32,
    /// Products of each shop
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(i32).range(1..=100_000))]
    products: i32,
    /// Orders of all shops together, over the last 90 days
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(i64).range(0..=50_000_000))]
    orders: i64,
    /// The same number makes the same rows
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: i64,
    /// Make the rows that the peer is measured on instead
    #[arg(long, conflicts_with_all = ["vendors", "products", "orders", "seed"])]
    peer: bool,
    /// Also when there are shops already
    #[arg(long)]
    yes: bool,
    /// Say what was made as JSON
    #[arg(long)]
    json: bool,
}

/// Customers of each shop.
const CUSTOMERS: i32 = 120;

/// argon2id of "bench-password", as dear as the peer's library makes it.
const PEER_HASH: &str = "$argon2id$v=19$m=65536,t=3,p=4$V1TA8sl1NwDCe0GSDjvF8g$bdkTSELi9OtUfJ11SiKvXQhiIgBrVDmRDqiSPWH5lEc";

const PEER_WORDS: [&str; 48] = [
    "amber", "basket", "cotton", "dinner", "edge", "fabric", "garden", "handle", "indoor",
    "jacket", "kettle", "linen", "marble", "navy", "oak", "paper", "quartz", "ribbon", "silver",
    "table", "urban", "velvet", "walnut", "yellow", "zinc", "bright", "compact", "durable",
    "elegant", "flat", "gentle", "heavy", "iron", "jute", "knit", "light", "modern", "narrow",
    "outdoor", "plain", "quiet", "round", "soft", "tall", "upright", "vintage", "wide", "woven",
];

const WORDS: Words = Words {
    shop_first: &[
        "Green", "Old Town", "Moselle", "Red Rock", "Lilac", "Northern", "Castle", "River",
    ],
    shop_second: &[
        "Market",
        "Home",
        "Pantry",
        "Studio",
        "Outfitters",
        "Books",
        "Garden",
        "Goods",
        "Workshop",
    ],
    adjectives: &[
        "Small", "Large", "Round", "Folding", "Classic", "Light", "Sturdy", "Soft", "Plain",
        "Striped", "Tall",
    ],
    materials: &[
        "Oak", "Linen", "Steel", "Ceramic", "Wool", "Cork", "Glass", "Copper", "Cotton", "Walnut",
        "Slate", "Felt", "Bamboo",
    ],
    things: &[
        "bowl", "chair", "lamp", "blanket", "teapot", "shelf", "basket", "mug", "cushion", "board",
        "vase", "tray", "clock", "stool", "rug", "jar", "apron",
    ],
    first_names: &[
        "Anna", "Marc", "Léa", "Tom", "Sophie", "Luc", "Mia", "Paul", "Nora", "Ben", "Julie",
        "Max", "Eva",
    ],
    last_names: &[
        "Weber", "Muller", "Schmit", "Hoffmann", "Klein", "Wagner", "Martin", "Dubois", "Thill",
        "Reuter", "Faber",
    ],
    hours: &[
        0, 6, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 12, 13, 13, 14, 15, 16, 17, 17, 18, 18, 18,
        19, 19, 19, 19, 20, 20, 20, 20, 21, 21, 21, 22, 22, 23,
    ],
};

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    runtime::single(async {
        let patience = Duration::from_secs(10);
        let mut connection =
            connect_patiently(&settings.database, "wizamart seed", patience).await?;
        seed(args, &mut connection).await
    })?
}

async fn seed(args: &Args, connection: &mut PgConnection) -> Result<(), CliError> {
    if !args.yes && seed::occupied(&mut *connection).await? {
        return Err(CliError::Input(
            "this platform has shops already, and made-up rows cannot be told from real ones; \
             nothing was done. Give --yes if you mean it"
                .to_owned(),
        ));
    }
    let begun = Instant::now();
    let password = match args.peer {
        true => {
            let mut transaction = connection.begin().await.doing("begin a transaction")?;
            let now = OffsetDateTime::now_utc();
            seed::peer(&mut transaction, &PEER_WORDS, PEER_HASH, now).await?;
            transaction
                .commit()
                .await
                .doing("commit the made-up rows")?;
            "bench-password".to_owned()
        }
        false => demo(args.amount(), connection).await?,
    };
    let seconds = begun.elapsed().as_secs_f64();
    if args.json {
        let made = match args.peer {
            true => {
                serde_json::json!({"vendors": 50, "products": 10_000, "orders": 0, "users": 100})
            }
            false => serde_json::json!({
                "vendors": args.vendors, "products": args.products * args.vendors,
                "orders": args.orders, "users": args.vendors,
            }),
        };
        let said = serde_json::json!({"made": made, "password": password, "seconds": seconds});
        println!("{said}");
    } else if args.peer {
        println!(
            "made the peer's rows in {seconds:.1} s; user1@example.test to user100@example.test have the password {password}"
        );
    } else {
        println!(
            "made {} shops, {} products and {} orders in {seconds:.1} s; owners such as owner@demo-1.example have the password {password}",
            args.vendors,
            args.products * args.vendors,
            args.orders,
        );
    }
    Ok(())
}

impl Args {
    fn amount(&self) -> Amount {
        Amount {
            vendors: self.vendors,
            products: self.products,
            customers: CUSTOMERS,
            orders: self.orders,
            seed: self.seed,
            now: OffsetDateTime::now_utc(),
        }
    }
}

/// What `wizamart dev` shows at first.
pub(super) fn small() -> Amount {
    Amount {
        vendors: 3,
        products: 60,
        customers: CUSTOMERS,
        orders: 1_500,
        seed: 1,
        now: OffsetDateTime::now_utc(),
    }
}

/// Makes demo shops whole or not at all, and gives their owners' password.
pub(super) async fn demo(
    amount: Amount,
    connection: &mut PgConnection,
) -> Result<String, CliError> {
    let password = password()?;
    let hash = Passwords::new().hash(password.clone()).await?;
    let mut transaction = connection.begin().await.doing("begin a transaction")?;
    seed::demo(&mut transaction, &WORDS, &amount, &hash).await?;
    let committed: Result<(), StorageError> =
        transaction.commit().await.doing("commit the made-up rows");
    committed?;
    Ok(password)
}

/// A new password of 96 bits.
pub(super) fn password() -> Result<String, CliError> {
    let token = random::token().map_err(|error| CliError::Input(error.to_string()))?;
    Ok(token.chars().take(24).collect())
}
