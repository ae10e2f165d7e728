//! Hints of the command line in the words of a step: an input instead of a command.

use crate::ci::aliases::camel_case;
use crate::ci::host::Host;
use crate::ci::report::{ErrorReport, ImageReport};
use crate::ci::table::{INPUTS, Place};

/// What mends an image's failures on this host; nothing changes at a terminal.
pub fn advise_image(image: &mut ImageReport, host: &dyn Host) {
    let tried = image.signatures.iter_mut().filter_map(|signature| signature.error.as_mut());
    for error in tried.chain(&mut image.error) {
        advise(error, host);
    }
}

/// What mends a failure on this host; nothing changes at a terminal.
pub fn advise(error: &mut ErrorReport, host: &dyn Host) {
    let Some(place) = host.place() else { return };
    if let Some(hint) = hint(error, place) {
        error.hint = Some(hint);
    }
    // the keys of sealwright.yml are spelled alike everywhere
    if place == Place::AzurePipelines && error.code != "ci-config-invalid" {
        error.message = in_camel_case(&error.message);
        error.because = error.because.iter().map(|text| in_camel_case(text)).collect();
        error.hint = error.hint.as_deref().map(in_camel_case);
    }
}

/// The text with each input's name as a pipeline spells it: `trust-policy` is `trustPolicy`.
fn in_camel_case(text: &str) -> String {
    INPUTS.iter().fold(text.to_owned(), |text, input| {
        text.replace(&format!("`{}`", input.name), &format!("`{}`", camel_case(input.name)))
    })
}

fn hint(error: &ErrorReport, place: Place) -> Option<String> {
    let says = |command| error.hint.as_ref().is_some_and(|hint| hint.contains(command));
    let identity = match place {
        Place::AzurePipelines => {
            "give the task `azure-subscription`, an Azure Resource Manager service connection that this pipeline may use"
        }
        _ => {
            "give the step `azure-client-id` and `azure-tenant-id`, and the job `permissions: id-token: write`"
        }
    };
    let text = match error.code {
        "azure-no-credential" => identity,
        // service connections are of Azure Pipelines alone
        "azure-connection-not-given" if place != Place::AzurePipelines => identity,
        "ci-input-missing"
            if place == Place::AzurePipelines && error.message.starts_with("input `images` ") =>
        {
            "run Docker@2 with `command: buildAndPush` earlier in this job, or give `images: myregistry.azurecr.io/app@sha256:…`"
        }
        "config-trust-policy-missing" => {
            "give `trust-policy`, a file, JSON text or an https address with its checksum, or add .github/trustpolicy/trustpolicy.json to the checkout"
        }
        _ if says("fill the CRL cache ") => {
            "fill the CRL cache in a step whose runner reaches the servers, without `revocation: offline`, and carry its folder crl over"
        }
        _ if says("add --revocation offline") => {
            "is the server reachable from the runner? Ask it in a step: curl -sSI <url>; for runners without a network carry over the CRL cache and give `revocation: offline`"
        }
        _ if says("sealwright cert add --type tsa ") => {
            "if you trust the timestamping authority, give `trusted-certificates` a line with its root, such as `tsa:<store>=certs/tsa-root.crt`; <store> is what `trustStores` of the trust policy names"
        }
        _ if says("sealwright cert add ") => {
            "if you trust the CA that issued it, give `trusted-certificates` a line with its root, such as `ca:<store>=certs/root.crt`; <store> is what `trustStores` of the trust policy names"
        }
        _ if says("sealwright vault csr --vault <vault-name> ") => {
            "obtain a new certificate with a new key from your CA, name it in `key`, and sign the image again; with `timestamp-url` and `timestamp-root-cert` a signature outlives its certificate"
        }
        _ if says("sealwright sign --timestamp-url ") => {
            "sign the image again with `timestamp-url` and `timestamp-root-cert`"
        }
        _ if says(": --timestamp-url <url> --timestamp-url <url>") => {
            "give `timestamp-url` a line with another authority as well: they are tried in order"
        }
        _ if says(": --timestamp-url http") => {
            "give `timestamp-url` the authority's address, such as `http://timestamp.acs.microsoft.com`"
        }
        _ if says("the self-signed root of the timestamping authority: --timestamp-root-cert ") => {
            "give `timestamp-root-cert` a file with the self-signed root of the timestamping authority, and nothing else"
        }
        _ if says(": --timestamp-root-cert ") => {
            "give `timestamp-root-cert` a file with the root that issued the authority's certificate"
        }
        _ if says("sealwright sign --expiry ") => {
            "sign the image again; `expiry` is how long a signature is good"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::AzureError;
    use crate::ci::draft::InputError;
    use crate::ci::host::{HostError, Level};
    use crate::config::trust_policy::LoadError;
    use crate::fault::Fault;
    use crate::secret::Secret;

    /// A host that says where it is, and nothing else.
    struct At(Place);

    impl Host for At {
        fn place(&self) -> Option<Place> {
            Some(self.0)
        }
        fn line(&mut self, _: &str) {}
        fn annotate(&mut self, _: Level, _: &str, _: &str) {}
        fn mask(&mut self, _: &Secret) {}
        fn output(&mut self, _: &str, _: &str) -> Result<(), HostError> {
            Ok(())
        }
        fn export(&mut self, _: &str, _: &str) -> Result<(), HostError> {
            Ok(())
        }
        fn add_path(&mut self, _: &str) -> Result<(), HostError> {
            Ok(())
        }
        fn keep(&mut self, _: &str, _: &str) -> Result<(), HostError> {
            Ok(())
        }
        fn summary(&mut self, _: &str) -> Result<(), HostError> {
            Ok(())
        }
    }

    fn advised(fault: &dyn Fault, place: Place) -> (String, String) {
        let mut error = ErrorReport::from(fault);
        advise(&mut error, &At(place));
        (error.message, error.hint.unwrap_or_default())
    }

    #[test]
    fn a_hint_names_inputs_as_the_host_spells_them() {
        let nobody = AzureError::NoCredential { tried: Vec::new() };
        for (fault, there, here) in [
            (
                &nobody as &dyn Fault,
                "`azure-client-id` and `azure-tenant-id`",
                "`azureSubscription`",
            ),
            (&LoadError::NotPresent, "`trust-policy`", "`trustPolicy`"),
        ] {
            let hint = advised(fault, Place::GitHub).1;
            assert!(hint.contains(there), "{hint}");
            let hint = advised(fault, Place::AzurePipelines).1;
            assert!(hint.contains(here), "{hint}");
        }
    }

    #[test]
    fn a_refused_input_is_spelled_as_in_the_pipeline() {
        let expected = "with `azure-tenant-id`".to_owned();
        let missing = InputError::Missing { name: "azure-client-id", expected };
        let (message, _) = advised(&missing, Place::AzurePipelines);
        assert!(message.contains("`azureClientId`") && message.contains("`azureTenantId`"));
        let missing = InputError::Missing { name: "images", expected: String::new() };
        assert!(advised(&missing, Place::AzurePipelines).1.contains("Docker@2"));
        assert_eq!(advised(&missing, Place::GitHub).1, "");
    }
}
