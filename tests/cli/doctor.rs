//! `doctor`: a good lab passes; each prerequisite broken alone is named, with the command that mends it, and
//! `sign` or `verify` fail with the same words.

use sealwright::lab::{Auth, IssueRequest, Issued, LabOptions};

use super::world::World;

/// An Azure registry, a vault with the certificate `wabbit`, its root trusted, Entra credentials.
struct Clinic {
    world: World,
    issued: Issued,
}

impl Clinic {
    async fn open() -> Self {
        Self::with(LabOptions::default(), IssueRequest::named("wabbit")).await
    }

    async fn with(options: LabOptions, request: IssueRequest) -> Self {
        let mut world = World::start(LabOptions { auth: Auth::Acr, ..options }).await;
        for line in world.lab.env_lines(&world.home.path("")).expect("written") {
            let (name, value) = line.split_once('=').expect("a variable");
            world.home.set(name, value);
        }
        world.home.set("LANG", "C.UTF-8");
        let issued = world.lab.issue(&request).expect("issued");
        world.home.write("root.crt", &issued.root_pem);
        world.home.write("ca_certs.pem", &issued.ca_bundle_pem);
        for line in [
            "cert delete --type ca --store wabbit --all -y",
            "cert add --type ca --store wabbit $HOME/root.crt",
        ] {
            assert!(world.run(line).ends_with("[exit] 0"), "{line}");
        }
        Self { world, issued }
    }

    /// `$KEY` stands for the certificate's id without a version, `$VERSION` for the one with it.
    fn run(&self, line: &str) -> String {
        let key = self.issued.key_id.rsplit_once('/').expect("a version").0;
        let line = line.replace("$KEY", key).replace("$VERSION", &self.issued.key_id);
        self.world.run(&format!("{line} --azure-extra-hosts {}", self.world.lab.extra_hosts()))
    }

    fn doctor(&self, flags: &str) -> String {
        self.run(&format!("doctor --key $KEY {flags} $IMAGE"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_lab_passes() {
    let clinic = Clinic::open().await;
    let shown = clinic.doctor("");
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    println!("{shown}");
}
