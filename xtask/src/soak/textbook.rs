//! The textbook's cache-aside, which is to be seen lying by the same checker under the same faults.
//!
//! A reader takes what is cached, else selects and sets it with a life; a writer updates, then deletes. Writes count as
//! acknowledged only if both went well, so that what is counted is the race alone.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use fastrand::Rng;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::time::sleep;

use super::history::{Register, Verdict};
use super::report::TextbookTally;
use crate::Result;

const KEYS: usize = 4;
const LIFE_SECONDS: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(1);

/// The scheme's own table and keys, and what its clients have seen.
pub(super) struct Textbook {
    pool: PgPool,
    redis: Client,
    registers: Vec<RefCell<Register>>,
    tally: Cell<TextbookTally>,
    stopped: Cell<bool>,
}

impl Textbook {
    pub(super) async fn create(database: &str, redis: &str) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(PATIENCE)
            .connect_lazy(database)?;
        sqlx::raw_sql("create table soak_textbook (id integer primary key, value bigint not null)")
            .execute(&pool)
            .await?;
        sqlx::query("insert into soak_textbook select n, 0 from generate_series(0, $1) n")
            .bind(i32::try_from(KEYS)?)
            .execute(&pool)
            .await?;
        Ok(Self {
            pool,
            redis: Client::open(redis)?,
            registers: (0..KEYS).map(|_| RefCell::default()).collect(),
            tally: Cell::default(),
            stopped: Cell::new(false),
        })
    }

    pub(super) fn stop(&self, stop: bool) {
        self.stopped.set(stop);
    }

    pub(super) fn tally(&self) -> TextbookTally {
        self.tally.get()
    }

    /// A client that reads until it is stopped, or the one that writes.
    pub(super) async fn go(&self, writes: bool, mut rng: Rng) {
        let mut connection = None;
        while !self.stopped.get() {
            let outcome = match &mut connection {
                Some(connection) if writes => self.write(connection, &mut rng).await,
                Some(connection) => self.read(connection, &mut rng).await,
                None => self.connect().await.map(|new| connection = Some(new)),
            };
            if outcome.is_err() {
                connection = None;
                sleep(Duration::from_millis(50)).await;
            }
            // It is to be seen, not to take the machine.
            sleep(Duration::from_millis(rng.u64(2..8))).await;
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection = self.redis.get_multiplexed_async_connection_with_config(&config);
        Ok(connection.await?)
    }

    async fn read(&self, redis: &mut MultiplexedConnection, rng: &mut Rng) -> Result<()> {
        let at = rng.usize(..KEYS);
        let Some(register) = self.registers.get(at) else {
            return Ok(());
        };
        let reading = register.borrow().begin_read();
        let key = key(at);
        let cached: Option<i64> = redis::cmd("GET").arg(&key).query_async(redis).await?;
        let value = if let Some(value) = cached {
            value
        } else {
            let value: i64 = sqlx::query_scalar("select value from soak_textbook where id = $1")
                .bind(i32::try_from(at).unwrap_or_default())
                .fetch_one(&self.pool)
                .await?;
            // A garbage collection, a busy machine.
            if rng.u32(..10) < 3 {
                sleep(Duration::from_millis(rng.u64(..15))).await;
            }
            redis::cmd("SET")
                .arg(&key)
                .arg(value)
                .arg("EX")
                .arg(LIFE_SECONDS)
                .query_async::<()>(redis)
                .await?;
            value
        };
        let verdict = register.borrow_mut().end_read(reading, u64::try_from(value).ok());
        self.count(|tally| {
            tally.reads += 1;
            tally.stale += u64::from(matches!(verdict, Verdict::Stale { .. }));
        });
        Ok(())
    }

    async fn write(&self, redis: &mut MultiplexedConnection, rng: &mut Rng) -> Result<()> {
        let at = rng.usize(..KEYS);
        let Some(register) = self.registers.get(at) else {
            return Ok(());
        };
        let value = register.borrow_mut().begin_write();
        // A crash of the database cuts off a statement that may still take effect.
        sqlx::query("update soak_textbook set value = greatest(value, $1) where id = $2")
            .bind(i64::try_from(value).unwrap_or_default())
            .bind(i32::try_from(at).unwrap_or_default())
            .execute(&self.pool)
            .await?;
        redis::cmd("DEL").arg(key(at)).query_async::<()>(redis).await?;
        register.borrow_mut().acknowledge(value);
        self.count(|tally| tally.writes += 1);
        Ok(())
    }

    fn count(&self, change: impl FnOnce(&mut TextbookTally)) {
        let mut tally = self.tally.get();
        change(&mut tally);
        self.tally.set(tally);
    }
}

fn key(at: usize) -> String {
    format!("soak-textbook:{at}")
}
