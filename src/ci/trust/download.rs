//! A file of a server that must have the checksum the input gives.

use super::{Download, TrustError, TrustServices};

/// At most `limit` bytes, compared with the checksum before anyone looks into them.
pub(super) async fn download(
    input: &'static str,
    from: &Download,
    limit: u64,
    services: &dyn TrustServices,
) -> Result<Vec<u8>, TrustError> {
    let place = || from.to_string();
    let answer = services.download(&from.url, limit).await;
    let answer = answer.map_err(|fault| TrustError::Fetch { input, place: place(), fault })?;
    if answer.status != 200 {
        return Err(TrustError::Status { input, place: place(), status: answer.status });
    }
    let found = from.sha256.of_same_kind(&answer.body);
    if found != from.sha256 {
        let expected = from.sha256.clone();
        return Err(TrustError::Checksum { input, place: place(), found, expected });
    }
    Ok(answer.body)
}
