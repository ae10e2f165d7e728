//! Randomness, collected before it is needed.

/// Collects the entropy of this process now. Its first random number takes 20 to 50 ms of computing,
/// which can pass while the network answers; later ones take microseconds, in every thread.
pub fn seed_random() {
    // whoever needs a random number is told when there is none
    let _ = aws_lc_rs::rand::fill(&mut [0]);
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeding_twice_is_nothing_special() {
        super::seed_random();
        super::seed_random();
    }
}
