//! Randomness, collected before it is needed.

/// Collects the entropy of this process now. Its first random number takes 20 to 50 ms of computing,
/// which can pass while the network answers; later ones take microseconds, in every thread.
pub fn seed_random() {
    // whoever needs a random number is told when there is none
    let _ = aws_lc_rs::rand::fill(&mut [0]);
}

/// Random bytes fit for nonces; none when the system has none.
pub fn random_bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn seeding_twice_is_nothing_special() {
        super::seed_random();
        super::seed_random();
    }
}
