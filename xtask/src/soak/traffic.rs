//! Readers and writers that know at any time what they must be answered.
//!
//! Invariant: at most one write of a register is under way, and each is conditional on the version that its writer has
//! seen. So one whose outcome is unknown either takes effect before the next one or never, and values only grow.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use http::{Method, StatusCode};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::catalog::{Catalog, Target};
use super::client::Client;
use super::evidence::Finished;
use super::history::{Reading, Register, Verdict};
use super::report::Tally;
use super::tier::tier;
use super::trail::{Event, Trail, What};
use crate::Result;

const CONSISTENCY: &str = "catalog-consistency";
const CONSISTENCIES: [Option<&str>; 3] = [None, Some("strong"), Some("bounded")];
const MIN_POSITION: &str = "catalog-min-position";
const POSITION: &str = "catalog-position";
/// After an answer that was none, so that an instance that is down is not asked in a tight loop.
const PAUSE: Duration = Duration::from_millis(10);
/// Of 100 operations on products, those on the one that everybody is after.
const ON_FAVOURITE: u32 = 60;
/// One operation of so many makes another product the favourite.
const FASHION: u32 = 300;
/// Of 100 operations.
const WRITES: u32 = 20;
/// The most reads by which a writer looks at what it wrote, and the longest pause before each, in milliseconds.
const LOOKS: u32 = 6;
const LOOK_PAUSE: u64 = 80;
/// Of 100 reads of something that was written.
const READS_WITH_POSITION: u32 = 20;

/// All clients of all instances, and what they have seen.
pub(super) struct Traffic {
    pub(super) catalog: Catalog,
    pub(super) clients: Vec<Client>,
    pub(super) tally: RefCell<Tally>,
    pub(super) started: Instant,
    keys: Vec<Key>,
    /// The product of the day: races need company.
    favourite: Cell<usize>,
    stopped: Cell<bool>,
}

/// One register and its writer's state.
#[derive(Default)]
struct Key {
    register: RefCell<Register>,
    trail: RefCell<Trail>,
    /// The tag of the newest version, unless a write's outcome left it unknown.
    etag: RefCell<Option<String>>,
    /// The last acknowledged value with its position in the change log.
    position: RefCell<Option<(u64, String)>>,
    being_written: Cell<bool>,
}

/// What a read asks for beside its address.
#[derive(Default)]
struct Ask {
    headers: Vec<(&'static str, String)>,
    /// The register and the value that has to be seen.
    at_least: Option<(usize, u64)>,
}

impl Traffic {
    pub(super) fn new(catalog: Catalog, clients: Vec<Client>) -> Self {
        Self {
            keys: (0..catalog.registers()).map(|_| Key::default()).collect(),
            catalog,
            clients,
            tally: RefCell::default(),
            started: Instant::now(),
            favourite: Cell::new(0),
            stopped: Cell::new(false),
        }
    }

    /// One client: reads and writes until it is stopped.
    pub(super) async fn go(&self, mut rng: Rng) {
        while !self.stopped.get() {
            let answered = if rng.u32(..100) < WRITES {
                let register = self.any_register(&mut rng);
                self.write(register, &mut rng).await
            } else {
                let target = self.any_target(&mut rng);
                let instance = self.any_instance(&mut rng);
                let ask = self.any_ask(target, &mut rng);
                self.read(target, instance, ask).await
            };
            if !answered {
                sleep(PAUSE).await;
            }
        }
    }

    pub(super) fn stop(&self, stop: bool) {
        self.stopped.set(stop);
    }

    /// Any instance, but none that already has its share of the clients waiting: while one of them is held the others
    /// must go on, or nobody would see what the held one missed.
    fn any_instance(&self, rng: &mut Rng) -> usize {
        let waiting = |at: &usize| self.clients.get(*at).map_or(usize::MAX, Client::under_way);
        let share = (0..self.clients.len()).map(|at| waiting(&at)).sum::<usize>() / self.clients.len() + 1;
        let mut all: Vec<_> = (0..self.clients.len()).collect();
        rng.shuffle(&mut all);
        let free = all.iter().find(|at| waiting(at) < share);
        free.or(all.first()).copied().unwrap_or_default()
    }

    fn any_product(&self, rng: &mut Rng) -> usize {
        let products = self.catalog.products();
        if rng.u32(..FASHION) == 0 {
            self.favourite.set(rng.usize(..products));
        }
        if rng.u32(..100) < ON_FAVOURITE {
            self.favourite.get()
        } else {
            rng.usize(..products)
        }
    }

    fn any_register(&self, rng: &mut Rng) -> usize {
        let products = self.catalog.products();
        match rng.u32(..100) {
            0..70 => self.any_product(rng),
            70..85 => products + self.any_product(rng),
            _ => products * 2 + rng.usize(..self.catalog.categories()),
        }
    }

    fn any_target(&self, rng: &mut Rng) -> Target {
        let product = self.any_product(rng);
        match rng.u32(..100) {
            0..35 => Target::Product(product),
            35..60 => Target::Expanded(product),
            60..72 => Target::StoreById(product),
            72..84 => Target::StoreBySlug(product),
            84..86 => Target::Products,
            86..88 => Target::StoreProducts,
            88..94 => Target::StoreCategory(rng.usize(..self.catalog.categories())),
            _ => Target::StoreCategories,
        }
    }

    fn any_ask(&self, target: Target, rng: &mut Rng) -> Ask {
        let mut ask = Ask::default();
        let consistency = rng.choice(CONSISTENCIES).flatten();
        ask.headers
            .extend(consistency.map(|text| (CONSISTENCY, text.to_owned())));
        let first = self.catalog.shown(target).first().copied();
        let written = first.and_then(|register| {
            let position = self.keys.get(register)?.position.borrow().clone();
            position.map(|(value, position)| (register, value, position))
        });
        if let Some((register, value, position)) = written
            && rng.u32(..100) < READS_WITH_POSITION
        {
            ask.headers.push((MIN_POSITION, position));
            ask.at_least = Some((register, value));
        }
        ask
    }

    /// Whether there was an answer to judge.
    async fn read(&self, target: Target, instance: usize, ask: Ask) -> bool {
        let Some(client) = self.clients.get(instance) else {
            return false;
        };
        let address = self.catalog.address(target);
        let readings: Vec<_> = self
            .catalog
            .shown(target)
            .into_iter()
            .filter_map(|register| {
                let mut reading = self.keys.get(register)?.register.borrow().begin_read();
                if let Some((of, value)) = ask.at_least
                    && of == register
                {
                    reading = reading.of_write(value);
                }
                Some((register, reading))
            })
            .collect();
        let began = self.started.elapsed();
        let answer = client.get(&address, &ask.headers).await;
        let ended = self.started.elapsed();
        let answer = match answer {
            Ok(answer) if matches!(answer.status, StatusCode::OK | StatusCode::NOT_FOUND) => answer,
            Ok(answer) => {
                self.tally
                    .borrow_mut()
                    .refused("read", &address, instance, &answer);
                return false;
            }
            Err(silence) => {
                self.tally.borrow_mut().unanswered("read", silence);
                return false;
            }
        };
        let read = Finished {
            began,
            ended,
            instance,
            address,
            tier: tier(answer.header("cache-status")),
            asked: ask.headers,
            answer,
        };
        self.judge(target, &readings, &read);
        true
    }

    fn judge(&self, target: Target, readings: &[(usize, Reading)], read: &Finished) {
        let values = if read.answer.status == StatusCode::OK {
            self.catalog.values(target, &read.answer.json())
        } else {
            HashMap::new()
        };
        let mut tally = self.tally.borrow_mut();
        tally.read(&read.tier);
        for (register, reading) in readings {
            let Some(key) = self.keys.get(*register) else {
                continue;
            };
            let value = values.get(register).copied();
            let verdict = key.register.borrow_mut().end_read(*reading, value);
            let mut trail = key.trail.borrow_mut();
            trail.add(read.event(value));
            if verdict != Verdict::Right {
                let resource = self.catalog.resource(*register);
                let violation = read.violation(verdict, value, resource, trail.tell(read.began));
                tally.violated(&read.tier, verdict, violation);
            }
        }
    }

    /// Writes, unless somebody else does; then looks at it while nobody else may write, so that an old body that comes
    /// back later than the write is not hidden by the next one. Whether anything was answered.
    async fn write(&self, register: usize, rng: &mut Rng) -> bool {
        let Some(key) = self.keys.get(register) else {
            return false;
        };
        if key.being_written.replace(true) {
            return true;
        }
        let _done = Reset(&key.being_written);
        if !self.write_once(register, key, rng).await {
            return false;
        }
        let targets = self.catalog.close_to(register);
        for _ in 0..rng.u32(..=LOOKS) {
            sleep(Duration::from_millis(rng.u64(..LOOK_PAUSE))).await;
            if let Some(target) = rng.choice(&targets) {
                let ask = self.any_ask(*target, rng);
                self.read(*target, self.any_instance(rng), ask).await;
            }
        }
        true
    }

    /// Whether the write was acknowledged.
    async fn write_once(&self, register: usize, key: &Key, rng: &mut Rng) -> bool {
        let instance = self.any_instance(rng);
        let Some(client) = self.clients.get(instance) else {
            return false;
        };
        let known = key.etag.borrow().clone();
        let etag = match known {
            Some(etag) => etag,
            None => match self.version(register, instance).await {
                Some(etag) => etag,
                None => return false,
            },
        };
        let value = key.register.borrow_mut().begin_write();
        let (path, body) = self.catalog.write(register, value);
        let began = self.started.elapsed();
        let event = |ended, outcome| Event {
            began,
            ended,
            instance,
            what: What::Write { value, outcome },
        };
        key.trail.borrow_mut().add(event(began, "begun".to_owned()));
        let answer = client
            .send(Method::PATCH, &path, &[("if-match", etag)], Some(&body))
            .await;
        let ended = self.started.elapsed();
        *key.etag.borrow_mut() = None;
        let mut tally = self.tally.borrow_mut();
        let outcome = match &answer {
            Ok(answer) if answer.status == StatusCode::OK => {
                key.register.borrow_mut().acknowledge(value);
                *key.etag.borrow_mut() = answer.header("etag").map(str::to_owned);
                let position = answer.header(POSITION).map(|text| (value, text.to_owned()));
                *key.position.borrow_mut() = position;
                tally.writes += 1;
                "acknowledged".to_owned()
            }
            // Someone's unknown outcome took effect in the meantime, or the version was a stale one.
            Ok(answer) if answer.status == StatusCode::PRECONDITION_FAILED => {
                tally.conflicts += 1;
                "412".to_owned()
            }
            Ok(answer) => {
                tally.refused("write", &path, instance, answer);
                tally.unknown += u64::from(answer.status.is_server_error());
                answer.status.as_str().to_owned()
            }
            Err(silence) => {
                tally.unanswered("write", *silence);
                tally.unknown += 1;
                silence.as_str().to_owned()
            }
        };
        drop(tally);
        key.trail.borrow_mut().add(event(ended, outcome));
        answer.is_ok_and(|answer| answer.status == StatusCode::OK)
    }

    async fn version(&self, register: usize, instance: usize) -> Option<String> {
        let client = self.clients.get(instance)?;
        let strong = [(CONSISTENCY, "strong".to_owned())];
        let path = self.catalog.resource(register);
        match client.get(&path, &strong).await {
            Ok(answer) if answer.status == StatusCode::OK => answer.header("etag").map(str::to_owned),
            Ok(answer) => {
                self.tally.borrow_mut().refused("read", &path, instance, &answer);
                None
            }
            Err(silence) => {
                self.tally.borrow_mut().unanswered("read", silence);
                None
            }
        }
    }
}

/// Reads everything once at every instance, `clients` reads at a time; how many were not answered.
pub(super) async fn sweep(traffic: &Rc<Traffic>, clients: u64) -> Result<u64> {
    let targets = traffic.catalog.targets();
    let instances = 0..traffic.clients.len();
    let all = targets
        .iter()
        .flat_map(|target| instances.clone().map(move |instance| (*target, instance)));
    let left = Rc::new(RefCell::new(all.collect::<Vec<_>>()));
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (traffic, left) = (Rc::clone(traffic), Rc::clone(&left));
        tasks.spawn_local(async move {
            let mut unanswered = 0;
            loop {
                let next = left.borrow_mut().pop();
                let Some((target, instance)) = next else {
                    return unanswered;
                };
                unanswered += u64::from(!traffic.read(target, instance, Ask::default()).await);
            }
        });
    }
    let mut unanswered = 0;
    while let Some(ended) = tasks.join_next().await {
        unanswered += ended?;
    }
    Ok(unanswered)
}

/// Sets a flag back, also when the task is dropped.
struct Reset<'a>(&'a Cell<bool>);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
