//! When an instance gives signs of life, and what it may claim in them; free of I/O.
//!
//! Invariant: a beat is confirmed when its own canary came back over the connection by which this instance hears, and
//! what is claimed as confirmed is the server's time of such a beat.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// So that writers who wait are not kept waiting, and many of them do not make many beats.
const SHORTEST: Duration = Duration::from_millis(1);
/// Beats on their way at once beyond which there is no hurry.
const HURRIES: usize = 4;

/// A place in the life of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) epoch: u64,
    /// In microseconds.
    pub(super) at: i64,
}

struct Beat {
    number: u64,
    sent: Instant,
    /// Someone may wait for what it will confirm.
    is_urgent: bool,
    came_back: bool,
    done: Option<Moment>,
}

pub(super) struct Heart {
    every: Duration,
    next: u64,
    under_way: VecDeque<Beat>,
    last_sent: Option<Instant>,
    /// The newest beat that came back.
    last_back: u64,
    last_heard: Instant,
    confirmed: Option<Moment>,
    /// A fence or release was heard of since the last beat.
    has_news: bool,
    /// An urgent beat was confirmed since the last beat, and nobody knows.
    to_tell: bool,
}

impl Heart {
    /// `next` is the number of the first beat, above all that this process has used.
    pub(super) fn new(every: Duration, next: u64, now: Instant) -> Self {
        Self {
            every,
            next,
            under_way: VecDeque::new(),
            last_sent: None,
            last_back: 0,
            last_heard: now,
            confirmed: None,
            has_news: false,
            to_tell: false,
        }
    }

    /// When the next beat is to be sent.
    pub(super) fn due(&self, is_alone: bool) -> Option<Instant> {
        let in_hurry = !is_alone && (self.has_news || self.to_tell) && self.under_way.len() < HURRIES;
        let pause = if in_hurry { SHORTEST } else { self.every };
        self.last_sent.map(|sent| sent + pause)
    }

    /// Begins a beat at `now`, before it is sent, and gives its number.
    pub(super) fn begin(&mut self, now: Instant) -> u64 {
        let number = self.next;
        self.next += 1;
        self.last_sent = Some(now);
        self.to_tell = false;
        self.under_way.push_back(Beat {
            number,
            sent: now,
            is_urgent: std::mem::take(&mut self.has_news),
            came_back: false,
            done: None,
        });
        number
    }

    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    /// What may be claimed of a server in this life of it: what it did up to then has been told.
    pub(super) fn confirmed(&self, epoch: u64) -> i64 {
        self.confirmed
            .filter(|confirmed| confirmed.epoch == epoch)
            .map_or(0, |confirmed| confirmed.at)
    }

    pub(super) fn heard_news(&mut self) {
        self.has_news = true;
    }

    /// A canary came back. Gives when its beat was sent, unless a later one was before it.
    pub(super) fn came_back(&mut self, number: u64, now: Instant) -> Option<Instant> {
        let beat = self.under_way.iter_mut().find(|beat| beat.number == number)?;
        beat.came_back = true;
        let sent = beat.sent;
        self.last_heard = now;
        self.settle();
        let is_newest = number >= self.last_back;
        self.last_back = self.last_back.max(number);
        is_newest.then_some(sent)
    }

    /// The server did a beat.
    pub(super) fn done(&mut self, number: u64, done: Moment) {
        if let Some(beat) = self.under_way.iter_mut().find(|beat| beat.number == number) {
            beat.done = Some(done);
            self.settle();
        }
    }

    /// Whether no canary came back for so long.
    pub(super) fn is_deaf(&self, now: Instant, patience: Duration) -> bool {
        now > self.last_heard + patience
    }

    fn settle(&mut self) {
        while let Some(at) = self
            .under_way
            .iter()
            .rposition(|beat| beat.came_back && beat.done.is_some())
        {
            for beat in self.under_way.drain(..=at) {
                self.to_tell |= beat.is_urgent;
                self.confirmed = beat.done.filter(|_| beat.came_back).or(self.confirmed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(25);

    fn moment(at: i64) -> Moment {
        Moment { epoch: 1, at }
    }

    #[test]
    fn a_beat_is_confirmed_when_it_is_done_and_came_back() {
        let start = Instant::now();
        let mut heart = Heart::new(EVERY, 5, start);
        assert_eq!(heart.due(false), None);
        assert_eq!(heart.begin(start), 5);
        heart.done(5, moment(100));
        assert_eq!(heart.confirmed(1), 0);
        assert_eq!(heart.came_back(5, start), Some(start));
        assert_eq!((heart.confirmed(1), heart.confirmed(2)), (100, 0));
        assert_eq!(heart.came_back(5, start), None, "told twice");
        assert_eq!(heart.came_back(4, start), None, "of another connection");
    }

    #[test]
    fn a_later_canary_speaks_for_earlier_ones_and_not_the_other_way_round() {
        let start = Instant::now();
        let later = start + EVERY;
        let mut heart = Heart::new(EVERY, 1, start);
        heart.begin(start);
        heart.begin(later);
        assert_eq!(heart.came_back(2, later), Some(later));
        assert_eq!(heart.came_back(1, later), None);
        heart.done(1, moment(100));
        assert_eq!(heart.confirmed(1), 100);
        heart.done(2, moment(200));
        assert_eq!(heart.confirmed(1), 200);
    }

    #[test]
    fn news_are_confirmed_and_told_at_once_if_there_is_anyone_to_tell() {
        let start = Instant::now();
        let mut heart = Heart::new(EVERY, 1, start);
        heart.begin(start);
        assert_eq!(heart.due(false), Some(start + EVERY));
        heart.heard_news();
        assert_eq!(heart.due(true), Some(start + EVERY));
        assert_eq!(heart.due(false), Some(start + SHORTEST));
        let second = start + SHORTEST;
        heart.begin(second);
        assert_eq!(heart.due(false), Some(second + EVERY));
        heart.done(2, moment(1));
        heart.came_back(2, second);
        assert_eq!(heart.due(false), Some(second + SHORTEST), "to tell");
        heart.begin(second + SHORTEST);
        assert_eq!(heart.due(false), Some(second + SHORTEST + EVERY));
    }

    #[test]
    fn what_never_comes_back_is_noticed() {
        let start = Instant::now();
        let heart = Heart::new(EVERY, 1, start);
        assert!(!heart.is_deaf(start + EVERY, EVERY));
        assert!(heart.is_deaf(start + EVERY * 2, EVERY));
    }
}
