//! OCI image layouts: signed by either, verified by both, and by both again where they were pushed to.

use serde_json::Value;

use crate::cell::{Bench, Cell, Check};
use crate::expect::{self, equal};
use crate::matrix;
use crate::peer;
use crate::world::World;

const SCOPE: &str = "local/layout";

pub fn mean_the_same_on_both_sides(title: &str, world: &World, cells: &[Cell]) {
    matrix::run_some(title, world, cells, |cell, _| {
        let layout = Made::new(cell, &[])?;
        let named = layout.named();
        let ours = layout.signature(&layout.sign(&[])?)?;
        let facts = layout.peer_verify()?;
        expect::facts(cell, &facts)?;
        let listing = layout.peer(&["list", &format!("--ref={}", layout.digest)])?;
        equal("signatures", &digests(&listing), &vec![ours.clone()])?;
        equal("tags", &listing["tags"], &serde_json::json!(["v1"]))?;

        let theirs = layout.peer_sign()?;
        layout
            .run(&["verify", "--oci-layout", "--scope", SCOPE, &named])?
            .succeeds()?
            .prints(&format!("Successfully verified signature for {named}\n"))?;
        // notation's library writes the whole index anew, in any order
        let shown = layout.run(&["list", "--oci-layout", &named])?.succeeds()?;
        let tree = |first: &str, second: &str| {
            format!(
                "{named}\n└── application/vnd.cncf.notary.signature\n    ├── {first}\n    └── {second}\n"
            )
        };
        [tree(&ours, &theirs), tree(&theirs, &ours)]
            .contains(&shown.stdout)
            .or(|| format!("not the tree of two signatures:\n{shown}"))?;
        let shown = layout.run(&["inspect", "--oci-layout", "-o", "json", &named])?.succeeds()?;
        let shown: Value = parse(&shown.stdout)?;
        equal("signatures inspected", &shown["Signatures"].as_array().map(Vec::len), &Some(2))?;
        layout.same_entries(&ours, &theirs)?;
        same_manifests(&layout.peer(&["list", &format!("--ref={}", layout.digest)])?)?;

        let image = layout.push()?;
        cell.verify(&image, &[])?.succeeds()?;
        expect::facts(cell, &cell.peer_verify(&image, &[])?)?;
        let mut pushed = digests(&cell.peer_list(&image)?);
        let mut signed = vec![ours, theirs];
        pushed.sort();
        signed.sort();
        equal("signatures in the registry", &pushed, &signed)
    });
}

pub fn signed_before_the_push(title: &str, world: &World, cells: &[Cell]) {
    matrix::run_some(title, world, cells, |cell, _| {
        let layout = Made::new(cell, &["--platforms"])?;
        layout.sign(&["--recursive"])?;
        layout.peer_verify()?;
        let image = layout.push()?;
        let answer = cell.verify(&image, &["--recursive".to_owned()])?.succeeds()?;
        let verified = answer.stdout.matches("Successfully verified signature for ").count();
        equal("manifests verified", &verified, &3)
    });
}

/// A layout that the peer made, for one cell.
struct Made<'a> {
    bench: &'a Bench<'a>,
    path: String,
    /// Of what has the tag `v1`.
    digest: String,
}

impl<'a> Made<'a> {
    fn new(bench: &'a Bench<'a>, flags: &[&str]) -> Result<Self, String> {
        let name = format!("{}{}", bench.repository("layout"), flags.concat()).replace('/', "-");
        let path = bench.world.path(&name).display().to_string();
        let mut arguments = vec!["layout".to_owned(), "make".to_owned(), format!("--path={path}")];
        arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let made = peer::run(&bench.world.peer, &arguments, &[])?.succeeds()?;
        Ok(Self { bench, path, digest: made.stdout.trim_end().to_owned() })
    }

    fn named(&self) -> String {
        format!("{}@{}", self.path, self.digest)
    }

    fn run(&self, arguments: &[&str]) -> Result<peer::Answer, String> {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        self.bench.world.experimental(&arguments)
    }

    /// `sealwright sign`
    fn sign(&self, flags: &[&str]) -> Result<peer::Answer, String> {
        let (chain, named) = (self.bench.chain(), self.named());
        let mut arguments = vec!["sign", "--oci-layout", "--key", &chain];
        arguments.extend(["--signature-format", self.bench.format.name()]);
        arguments.extend(flags);
        arguments.push(&named);
        self.run(&arguments)?.succeeds()
    }

    /// The digest that `sign` of one artifact printed.
    fn signature(&self, signed: &peer::Answer) -> Result<String, String> {
        let (path, named) = (&self.path, self.named());
        let lines = format!("Successfully signed {named}\nPushed the signature to {path}@");
        let digest = signed.stdout.strip_prefix(&lines).and_then(|rest| rest.strip_suffix('\n'));
        digest.map(str::to_owned).ok_or_else(|| format!("not the two lines of sign:\n{signed}"))
    }

    /// The peer's answer about this layout.
    fn peer(&self, arguments: &[&str]) -> Result<Value, String> {
        let mut all = vec!["layout".to_owned()];
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        all.push(format!("--path={}", self.path));
        self.bench.peer(&all)
    }

    fn peer_verify(&self) -> Result<Value, String> {
        let config = self.bench.world.config();
        let reference = format!("--ref={SCOPE}@{}", self.digest);
        self.peer(&["verify", &reference, &format!("--config={}", config.display())])
    }

    fn peer_sign(&self) -> Result<String, String> {
        let chain = self.bench.world.chain(&self.bench.chain());
        let signed = self.peer(&[
            "sign",
            &format!("--ref={}", self.digest),
            &format!("--format={}", self.bench.format.name()),
            &format!("--key={}", chain.join("key.pem").display()),
            &format!("--certs={}", chain.join("chain.pem").display()),
        ])?;
        signed["signature"].as_str().map(str::to_owned).ok_or_else(|| signed.to_string())
    }

    /// Pushes the artifact and what refers to it; its name in the registry, by digest.
    fn push(&self) -> Result<String, String> {
        let world = self.bench.world;
        let purpose = if self.path.contains("--platforms") { "index" } else { "layout" };
        let repository =
            format!("{}/{}", world.address(self.bench.registry), self.bench.repository(purpose));
        let arguments = [
            "layout".to_owned(),
            "push".to_owned(),
            format!("--path={}", self.path),
            format!("--ref={repository}:v1"),
        ];
        let pushed = peer::run(&world.peer, &arguments, &[])?.succeeds()?;
        equal("digest pushed", pushed.stdout.trim_end(), self.digest.as_str())?;
        Ok(format!("{repository}@{}", self.digest))
    }

    /// go-containerregistry reads the index, and our entry has the members that theirs has.
    fn same_entries(&self, ours: &str, theirs: &str) -> Result<(), String> {
        let read = self.peer(&["read"])?;
        let entries = read["manifests"].as_array().ok_or("no entries")?;
        let members = |digest: &str| -> Option<Vec<&String>> {
            let entry = entries.iter().find(|entry| entry["digest"] == digest)?.as_object()?;
            let mut names: Vec<&String> = entry.keys().collect();
            names.extend(entry["annotations"].as_object()?.keys());
            Some(names)
        };
        members(ours).is_some().or(|| format!("{ours} is not listed: {read}"))?;
        equal("members of the entry", &members(ours), &members(theirs))
    }
}

fn digests(listing: &Value) -> Vec<String> {
    let signatures = listing["signatures"].as_array().map(Vec::as_slice).unwrap_or_default();
    signatures.iter().filter_map(|one| one["digest"].as_str().map(str::to_owned)).collect()
}

/// Two signature manifests are the same text but for the envelope and the time.
fn same_manifests(listing: &Value) -> Result<(), String> {
    let mut texts = Vec::new();
    for signature in listing["signatures"].as_array().into_iter().flatten() {
        let text = signature["manifest"].as_str().unwrap_or_default();
        let manifest: Value = parse(text)?;
        let layer = &manifest["layers"][0];
        let created = &manifest["annotations"]["org.opencontainers.image.created"];
        texts.push(
            text.replace(&layer["digest"].to_string(), "DIGEST")
                .replace(&format!("\"size\":{}}}]", layer["size"]), "SIZE")
                .replace(&created.to_string(), "CREATED"),
        );
    }
    match texts.as_slice() {
        [ours, theirs] => equal("signature manifests", ours, theirs),
        other => Err(format!("{} signatures, not two", other.len())),
    }
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("{e}: {text}"))
}
