//! Order, limit and failures of many jobs.

use std::cell::{Cell, RefCell};

use super::*;

fn limit(limit: usize) -> NonZeroUsize {
    NonZeroUsize::new(limit).unwrap()
}

/// Lets the other jobs go on this many times.
async fn yields(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn answers_come_in_input_order_whichever_job_ends_first() {
    let answers = RefCell::new(Vec::new());
    let job = |number| async move {
        yields(20 - number).await;
        if number == 7 { Err(number) } else { Ok(number) }
    };
    in_order(20, limit(4), || 0, job, |answer| answers.borrow_mut().push(answer)).await;
    let expected: Vec<_> = (0..20).map(|n| if n == 7 { Err(n) } else { Ok(n) }).collect();
    assert_eq!(*answers.borrow(), expected);
}

#[tokio::test]
async fn no_more_jobs_than_the_limit_run_side_by_side() {
    let (running, most) = (Cell::new(0), Cell::new(0));
    let job = |number| {
        let (running, most) = (&running, &most);
        async move {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            yields(number % 3 + 1).await;
            running.set(running.get() - 1);
        }
    };
    in_order(30, limit(5), || 0, job, |()| {}).await;
    assert_eq!(most.get(), 5);
}

#[tokio::test]
async fn throttled_requests_leave_fewer_jobs_running() {
    let (running, most_late, throttled) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let job = |number| {
        let (running, most_late, throttled) = (&running, &most_late, &throttled);
        async move {
            running.set(running.get() + 1);
            throttled.set(throttled.get() + 1);
            if number >= 16 {
                most_late.set(most_late.get().max(running.get()));
            }
            yields(2).await;
            running.set(running.get() - 1);
        }
    };
    in_order(30, limit(8), || throttled.get(), job, |()| {}).await;
    assert!(most_late.get() <= 2, "{}", most_late.get());
}
