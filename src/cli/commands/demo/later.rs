//! The demo's last part: a certificate expires, and a timestamped signature outlives it.

use std::path::Path;

use super::tour::{Expect, Tour, with_hosts};
use super::{Asked, CERTIFICATE_DAYS, trust_policy, write};
use crate::cli::error::CliError;
use crate::clock::{Clock as _, ShiftedClock};
use crate::lab::{Lab, Stamp};

const STORE: &str = "wabbit-networks-timestamp";
const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// What the first part has left: a signed image, and one that is not signed yet.
pub(super) struct Scene<'a> {
    pub lab: &'a Lab,
    /// The lab's and the commands'.
    pub clock: &'a ShiftedClock,
    pub home: &'a Path,
    pub repository: &'a str,
    pub image: &'a str,
    pub stamped: &'a str,
    pub key_id: &'a str,
}

pub(super) async fn walk(tour: &mut Tour<'_>, scene: &Scene<'_>) -> Result<(), CliError> {
    let &Scene { lab, clock, home, repository, image, stamped, key_id } = scene;
    let hosts = lab.extra_hosts();
    let authority = lab.timestamp_url(Stamp::Good);
    let root = tour.file(home, "tsa-root.crt", "tsa-root.crt");
    write(Path::new(&root), &lab.timestamp_root_pem())?;
    let mut policy_file = |name, shown, rule| -> Result<String, CliError> {
        let path = tour.file(home, name, shown);
        write(
            Path::new(&path),
            &trust_policy(repository, &Asked::Timestamp { store: STORE, rule }),
        )?;
        Ok(path)
    };
    let always = policy_file("always.json", "./always.json", "always")?;
    let after = policy_file("after-expiry.json", "./after-expiry.json", "afterCertExpiry")?;
    tour.names.push((authority.clone(), "$TSA"));

    tour.say("Certificates expire, and with them the signatures that nobody has timestamped. A time-stamping")?;
    tour.say("authority (RFC 3161) is up on loopback as well.")?;
    tour.say("")?;
    tour.set("STAMPED", stamped)?;
    tour.set("TSA", &authority)?;
    tour.say("")?;
    tour.title("Sign another image, with a timestamp that says when it was signed")?;
    let sign = [
        &["sign", "--signature-format", "cose", stamped, "--id", key_id, "--plugin", "azure-kv"],
        &["--timestamp-url", &authority, "--timestamp-root-cert", &root][..],
    ]
    .concat();
    tour.step(&with_hosts(&sign, &hosts), Expect::Success).await?;
    tour.title("Trust the authority's root, and ask for a timestamp, always")?;
    let add = ["cert", "add", "--type", "tsa", "--store", STORE, &root];
    tour.step(&add, Expect::Success).await?;
    tour.step(&["policy", "import", "--force", &always], Expect::Success).await?;
    tour.step(&["policy", "show"], Expect::Success).await?;
    tour.step(&with_hosts(&["verify", stamped], &hosts), Expect::Success).await?;
    tour.step(&with_hosts(&["verify", image], &hosts), Expect::Failure).await?;
    tour.title(r#"Or only once a certificate has expired: "verifyTimestamp": "afterCertExpiry""#)?;
    tour.step(&["policy", "import", "--force", &after], Expect::Success).await?;
    tour.step(&with_hosts(&["verify", image], &hosts), Expect::Success).await?;

    let days = CERTIFICATE_DAYS + 1;
    clock.advance(DAY * days);
    let date = clock.now().date();
    tour.say(&format!("{days} days later: the certificate has expired. Nobody has waited, the lab's clock says {date}."))?;
    tour.say("")?;
    tour.title("Without a timestamp the signature is no longer good")?;
    tour.step(&with_hosts(&["verify", image], &hosts), Expect::Failure).await?;
    tour.title("With one it is, whichever of the two policies is in force")?;
    tour.step(&with_hosts(&["verify", stamped], &hosts), Expect::Success).await?;
    tour.step(&["policy", "import", "--force", &always], Expect::Success).await?;
    tour.step(&with_hosts(&["verify", stamped], &hosts), Expect::Success).await
}
