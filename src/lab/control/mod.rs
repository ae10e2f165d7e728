//! The lab's hand on its own wire: the request log, hold mode and faults.

mod fault;
mod log;
mod remote;
mod secrets;

pub use fault::{Fault, Role, Route};
pub use log::Exchange;
pub(super) use remote::Remote;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};

/// In hold mode each request is answered this long after it arrived.
pub const HOLD: Duration = Duration::from_millis(30);

/// The longest hold that can be asked for.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

/// The longest delay a fault can make.
const LONGEST_DELAY: Duration = Duration::from_millis(50);

/// Requests kept in the log; later ones are answered and counted by nobody.
const LOG_LIMIT: usize = 100_000;

/// A handle on a running lab's wire; cheap to clone.
#[derive(Clone)]
pub struct Control {
    wire: Arc<Wire>,
}

struct Wire {
    clock: SystemClock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Raised by every arrival and every answer: an exact order, whatever the clock's grain.
    sequence: u64,
    /// Raised by `reset`, so that answers to earlier requests are not written over later ones.
    generation: u64,
    log: Vec<Exchange>,
    rules: Vec<fault::Rule>,
    hold: Option<Duration>,
    secrets: BTreeSet<String>,
}

/// A request in flight.
pub(super) struct Ticket {
    generation: u64,
    index: Option<usize>,
    pub fault: Option<Fault>,
    pub hold: Option<Duration>,
}

impl Control {
    pub(super) fn new() -> Self {
        Self { wire: Arc::new(Wire { clock: SystemClock::new(), state: Mutex::default() }) }
    }

    /// Every request since the start or the last reset, in order of arrival.
    pub fn requests(&self) -> Vec<Exchange> {
        self.state().log.clone()
    }

    /// Requests per role.
    pub fn counts(&self) -> BTreeMap<Role, usize> {
        let mut counts = BTreeMap::new();
        for exchange in &self.state().log {
            *counts.entry(exchange.role).or_default() += 1;
        }
        counts
    }

    /// Empties the log, takes back the faults and ends hold mode.
    pub fn reset(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.log.clear();
        state.rules.clear();
        state.hold = None;
    }

    /// Empties the log alone.
    pub fn forget(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.log.clear();
    }

    /// Answers each request [`HOLD`] after it arrived, from now on.
    pub fn hold(&self) {
        self.hold_each(HOLD);
    }

    /// The same with another time, at most one second.
    pub fn hold_each(&self, time: Duration) {
        self.state().hold = Some(time.min(LONGEST_HOLD));
    }

    /// Ends hold mode.
    pub fn release(&self) {
        self.state().hold = None;
    }

    /// The longest sequence of requests in which each arrived after the answer to the one before it.
    pub fn longest_chain(&self) -> usize {
        self.chain_where(|_| true).len()
    }

    /// The requests of the longest such sequence among those that count.
    pub fn chain_where(&self, counts: impl Fn(&Exchange) -> bool) -> Vec<Exchange> {
        let counted: Vec<Exchange> =
            self.state().log.iter().filter(|e| counts(e)).cloned().collect();
        log::longest_chain(&counted)
    }

    /// The next `times` requests on the route meet the fault.
    pub fn fault(&self, route: Route, fault: Fault, times: usize) {
        self.fault_after(0, route, fault, times);
    }

    /// The same after letting `skip` requests on the route pass.
    pub fn fault_after(&self, skip: usize, route: Route, fault: Fault, times: usize) {
        self.state().rules.push(fault::Rule { route, fault, skip, times });
    }

    /// Faults that no request has met yet.
    pub fn faults_left(&self) -> usize {
        self.state().rules.iter().map(|rule| rule.times).sum()
    }

    pub(super) fn arrive(
        &self,
        role: Role,
        method: &str,
        path: &str,
        query: &str,
        authorized: bool,
    ) -> Ticket {
        let arrived = self.wire.clock.elapsed();
        let mut state = self.state();
        let fault = fault::take(&mut state.rules, role, method, path);
        state.sequence += 1;
        let order = state.sequence;
        let index = (state.log.len() < LOG_LIMIT).then(|| {
            state.log.push(Exchange {
                role,
                method: method.to_owned(),
                path: path.to_owned(),
                query: query.to_owned(),
                authorized,
                status: None,
                arrived,
                answered: None,
                arrival_order: order,
                answer_order: None,
            });
            state.log.len() - 1
        });
        Ticket { generation: state.generation, index, fault, hold: state.hold }
    }

    /// Notes the answer; no status when the connection was cut instead.
    pub(super) fn answered(&self, ticket: &Ticket, status: Option<u16>) {
        let answered = self.wire.clock.elapsed();
        let mut state = self.state();
        state.sequence += 1;
        let order = state.sequence;
        if state.generation != ticket.generation {
            return;
        }
        if let Some(exchange) = ticket.index.and_then(|index| state.log.get_mut(index)) {
            exchange.status = status;
            exchange.answered = Some(answered);
            exchange.answer_order = Some(order);
        }
    }

    pub(super) async fn wait(&self, time: Duration) {
        self.wire.clock.sleep(time).await;
    }

    pub(super) async fn delay(&self, time: Duration) {
        self.wait(time.min(LONGEST_DELAY)).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.wire.state.lock().expect("no panic holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(control: &Control, path: &str) -> Ticket {
        control.arrive(Role::Registry, "GET", path, "", false)
    }

    #[test]
    fn an_answer_after_a_reset_is_not_written_into_the_new_log() {
        let control = Control::new();
        let early = get(&control, "/early");
        control.reset();
        get(&control, "/late");
        control.answered(&early, Some(200));
        let log = control.requests();
        assert_eq!((log.len(), log[0].path.as_str(), log[0].status), (1, "/late", None));
    }

    #[test]
    fn a_fault_meets_its_route_only_and_only_so_often() {
        let control = Control::new();
        let route = Route::on(Role::Registry).method("GET").path("/manifests/");
        control.fault_after(1, route, Fault::Reset, 1);
        let faults: Vec<bool> =
            ["/v2/a/blobs/x", "/v2/a/manifests/1", "/v2/a/manifests/2", "/v2/a/manifests/3"]
                .map(|path| get(&control, path).fault.is_some())
                .to_vec();
        assert_eq!(faults, [false, false, true, false]);
        assert_eq!(control.faults_left(), 0);
    }

    #[test]
    fn counts_are_per_role() {
        let control = Control::new();
        get(&control, "/a");
        get(&control, "/b");
        control.arrive(Role::Vault, "POST", "/keys", "", true);
        assert_eq!(control.counts(), BTreeMap::from([(Role::Registry, 2), (Role::Vault, 1)]));
    }

    #[test]
    fn a_hold_is_at_most_one_second() {
        let control = Control::new();
        control.hold_each(Duration::from_secs(60));
        assert_eq!(get(&control, "/").hold, Some(Duration::from_secs(1)));
        control.release();
        assert_eq!(get(&control, "/").hold, None);
    }
}
