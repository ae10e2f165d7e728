//! `cert generate-test`: a key and a self-signed certificate for trying things out.

use std::time::Duration;

use clap::ArgMatches;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, PKCS_RSA_SHA384, PKCS_RSA_SHA512, RsaKeySize,
};
use time::OffsetDateTime;

use super::{CommandSpec, Done, is_file_name};
use crate::cli::error::CliError;
use crate::cli::local_key::write_new;
use crate::cli::parse::flags;
use crate::cli::render::text::rfc3339;
use crate::cli::session::Session;
use crate::config::{MarkDefault, SigningKey, SigningKeys};
use crate::secret::Secret;
use crate::trust::StoreType;

const VALIDITY: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_BITS: i64 = 2048;

pub const GENERATE_TEST: CommandSpec = CommandSpec {
    path: &["cert", "generate-test"],
    usage: "cert generate-test [flags] <common_name>",
    build: |command| {
        command
            .about("Generate a test RSA key and a corresponding self-signed certificate")
            .arg(
                flags::integer("bits", "RSA key bits: 2048, 3072 or 4096 (default 2048)")
                    .short('b'),
            )
            .arg(flags::switch("default", "mark as default signing key"))
            .arg(flags::positionals("common_name"))
    },
    check: |values| match flags::positionals_of(values).is_empty() {
        true => Err(CliError::Missing("missing certificate common_name".to_owned())),
        false => Ok(()),
    },
    run: |values, session| Box::pin(async move { run(values, session) }),
};

fn run(values: &ArgMatches, session: &mut Session) -> Done {
    let name = flags::first_of(values);
    if !is_file_name(name) {
        return Err(CliError::KeyName.into());
    }
    let bits = values.get_one::<i64>("bits").copied().unwrap_or(DEFAULT_BITS);
    let dirs = session.dirs()?;
    let generated = {
        session.streams.line(&format!("generating RSA Key with {bits} bits"))?;
        generate(name, bits, session.clock.now())?
    };
    session
        .streams
        .line(&format!("generated certificate expiring on {}", rfc3339(generated.not_after)))?;
    let key_path = dirs.local_keys().join(format!("{name}.key"));
    let certificate_path = dirs.local_keys().join(format!("{name}.crt"));
    write_new("failed to write key file", &key_path, generated.key.expose().as_bytes(), 0o600)?;
    session.streams.line(&format!("wrote key: {}", key_path.display()))?;
    write_new(
        "failed to write certificate file",
        &certificate_path,
        generated.certificate.as_bytes(),
        0o644,
    )?;
    session.streams.line(&format!("wrote certificate: {}", certificate_path.display()))?;
    let is_default = flags::is_on(values, "default");
    let mut keys = SigningKeys::load(&dirs)?;
    let key = SigningKey::local(
        name,
        key_path.display().to_string(),
        certificate_path.display().to_string(),
    );
    keys.add(key, if is_default { MarkDefault::Yes } else { MarkDefault::No })?;
    keys.save()?;
    session.trust_store()?.add(StoreType::Ca, name, &certificate_path)?;
    session
        .streams
        .line(&format!("Successfully added {name}.crt to named store {name} of type ca"))?;
    session.streams.line(&format!("{name}: added to the key list"))?;
    if is_default {
        session.streams.line(&format!("{name}: mark as default signing key"))?;
    }
    Ok(())
}

struct Generated {
    /// PKCS#8 in PEM.
    key: Secret,
    certificate: String,
    not_after: OffsetDateTime,
}

fn generate(name: &str, bits: i64, now: OffsetDateTime) -> Result<Generated, CliError> {
    let failed =
        |what| move |error: rcgen::Error| CliError::Generate { what, reason: error.to_string() };
    let (suite, size) = match bits {
        2048 => (&PKCS_RSA_SHA256, RsaKeySize::_2048),
        3072 => (&PKCS_RSA_SHA384, RsaKeySize::_3072),
        4096 => (&PKCS_RSA_SHA512, RsaKeySize::_4096),
        _ => return Err(CliError::KeyBits(bits)),
    };
    let key = KeyPair::generate_rsa_for(suite, size).map_err(failed("the test key"))?;
    let not_before = now.replace_nanosecond(0).unwrap_or(now);
    let not_after = not_before + VALIDITY;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "US");
    subject.push(DnType::StateOrProvinceName, "WA");
    subject.push(DnType::LocalityName, "Seattle");
    subject.push(DnType::OrganizationName, "Notary");
    subject.push(DnType::CommonName, name);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.not_before = not_before;
    params.not_after = not_after;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    let certificate = params.self_signed(&key).map_err(failed("the test certificate"))?;
    Ok(Generated {
        key: Secret::new(key.serialize_pem()),
        certificate: certificate.pem(),
        not_after,
    })
}
