//! One request and its answer, and the longest chain of them.

use std::time::Duration;

use serde::Serialize;

use super::Role;

/// A request the lab saw. Times are since the lab started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    pub role: Role,
    pub method: String,
    pub path: String,
    pub query: String,
    /// Whether an `Authorization` header came with it.
    pub authorized: bool,
    /// None while it runs and where the connection was cut.
    pub status: Option<u16>,
    #[serde(rename = "arrived_us", serialize_with = "micros")]
    pub arrived: Duration,
    #[serde(rename = "answered_us", serialize_with = "some_micros")]
    pub answered: Option<Duration>,
    #[serde(skip)]
    pub(super) arrival_order: u64,
    #[serde(skip)]
    pub(super) answer_order: Option<u64>,
}

/// The longest sequence in which each exchange arrived after the answer to the one before it.
/// `log` is in order of arrival.
pub(super) fn longest_chain(log: &[Exchange]) -> Vec<Exchange> {
    // length[i] and before[i]: the longest chain that ends with i, and the exchange before i in it.
    let mut length = vec![1_usize; log.len()];
    let mut before: Vec<Option<usize>> = vec![None; log.len()];
    let mut answers: Vec<(u64, usize)> =
        log.iter().enumerate().filter_map(|(i, e)| Some((e.answer_order?, i))).collect();
    answers.sort_unstable();
    let mut answers = answers.into_iter().peekable();
    let mut best: Option<usize> = None;
    for (i, exchange) in log.iter().enumerate() {
        // An answer comes after its own arrival, so its length is known when it is met.
        while let Some((_, done)) = answers.next_if(|(order, _)| *order < exchange.arrival_order) {
            if best.is_none_or(|b| length[done] > length[b]) {
                best = Some(done);
            }
        }
        if let Some(b) = best {
            length[i] = length[b] + 1;
            before[i] = Some(b);
        }
    }
    let mut at = (0..log.len()).max_by_key(|&i| (length[i], std::cmp::Reverse(i)));
    let mut chain = Vec::new();
    while let Some(i) = at {
        chain.push(log[i].clone());
        at = before[i];
    }
    chain.reverse();
    chain
}

fn micros<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

fn some_micros<S: serde::Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => micros(time, to),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exchanges from (arrival, answer) orders.
    fn log(intervals: &[(u64, Option<u64>)]) -> Vec<Exchange> {
        intervals
            .iter()
            .map(|&(arrival, answer)| Exchange {
                role: Role::Registry,
                method: "GET".into(),
                path: format!("/{arrival}"),
                query: String::new(),
                authorized: false,
                status: answer.map(|_| 200),
                arrived: Duration::ZERO,
                answered: answer.map(|_| Duration::ZERO),
                arrival_order: arrival,
                answer_order: answer,
            })
            .collect()
    }

    fn chain(intervals: &[(u64, Option<u64>)]) -> Vec<u64> {
        longest_chain(&log(intervals)).iter().map(|e| e.arrival_order).collect()
    }

    #[test]
    fn an_empty_log_has_no_chain() {
        assert_eq!(chain(&[]), [0; 0]);
    }

    #[test]
    fn requests_side_by_side_count_once() {
        assert_eq!(chain(&[(1, Some(4)), (2, Some(5)), (3, Some(6))]), [1]);
    }

    #[test]
    fn requests_one_after_the_other_all_count() {
        assert_eq!(chain(&[(1, Some(2)), (3, Some(4)), (5, Some(6))]), [1, 3, 5]);
    }

    #[test]
    fn a_long_request_beside_two_short_ones_does_not_lengthen_the_chain() {
        // 1: [1,10]   2: [2,3]   3: [4,5]   4: [11,12]
        assert_eq!(chain(&[(1, Some(10)), (2, Some(3)), (4, Some(5)), (11, Some(12))]), [2, 4, 11]);
    }

    #[test]
    fn a_request_without_an_answer_ends_its_chain() {
        assert_eq!(chain(&[(1, Some(2)), (3, None), (4, None)]), [1, 3]);
    }

    #[test]
    fn the_chain_is_as_long_as_trying_every_sequence_says() {
        // Every overlap pattern of four requests, by brute force over subsets.
        let mut seed = 7_u64;
        for _ in 0..200 {
            let mut arrival = 0;
            let intervals: Vec<(u64, Option<u64>)> = (0..8)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    arrival += 1 + (seed >> 60);
                    (arrival * 2, Some(arrival * 2 + 1 + ((seed >> 50) & 31) * 2))
                })
                .collect();
            let brute = (0_u32..1 << intervals.len())
                .filter(|subset| {
                    let chosen: Vec<_> = (0..intervals.len())
                        .filter(|i| subset & (1 << i) != 0)
                        .map(|i| intervals[i])
                        .collect();
                    chosen.windows(2).all(|pair| pair[0].1 < Some(pair[1].0))
                })
                .map(u32::count_ones)
                .max();
            assert_eq!(Some(chain(&intervals).len() as u32), brute, "{intervals:?}");
        }
    }
}
