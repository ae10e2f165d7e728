//! sealwright signs and verifies container images in the Notary Project format.
//!
//! # The house
//!
//! Each folder is a noun of the field. ★ may touch the world (network, disk, process, clock,
//! environment); everything else computes from what it is given. A room uses only rows above it
//! and, in its row, what stands before it; `tests/architecture.rs` holds this.
//!
//! | Row | Room | What it holds |
//! |---|---|---|
//! | Words | [`fault`] | what the user is told when something fails: code, because, hint, exit status |
//! | | [`env`](mod@env) | every environment variable the program reads, named once |
//! | | [`clock`] ★ | the only place that reads the wall clock or waits |
//! | | [`secret`] | values that cannot print |
//! | | [`http`] ★ | one client: retry, redirect, size and time rules |
//! | | [`crypto`] | digests and the six signature suites in one table |
//! | Formats | [`x509`] | certificates, chains and the specification's rules for them |
//! | | [`envelope`] | `Parsed` → `Intact`, COSE and JWS, the `Signer` trait |
//! | | [`revocation`] ★ | OCSP answers and CRLs: parsed → checked; the servers, the CRL cache |
//! | | [`timestamp`] ★ | RFC 3161 tokens: `Parsed` → `Verified`; the `Authority` trait and its client |
//! | | [`lifetime`] | what a signature rests on that ends, and what of it ends soon |
//! | | [`trust`] ★ | trust policy (`Draft` → `Policy`), identities, trust store |
//! | Services | [`config`] ★ | notation's directories and files, docker's config.json |
//! | | [`credentials`] ★ | registry credentials: given, stores, helpers |
//! | | [`azure`] ★ | Entra identity, Key Vault, Artifact Signing, ACR token exchange, builds in a registry |
//! | | [`registry`] ★ | references, manifests, the client, referrers, the tag index, image layouts |
//! | | [`plugin`] ★ | notation's plugin protocol: the traits, the programs, their folder |
//! | Work | [`sign`] | resolve → payload → envelope → timestamp → push → read back; files without a registry |
//! | | [`verify`] | the checks, one file each, and the verdict, on images and on files |
//! | | [`batch`] | many images side by side, what lies below an index, what is signed already or of no use any more |
//! | | [`doctor`] | the prerequisites of signing and verifying as checks |
//! | Edges | [`lab`] ★ | a whole world on loopback: registry, key vault, Entra, Azure Resource Manager, GitHub, PKI, TSA, OCSP and CRLs |
//! | | [`ci`] ★ | the step: inputs, hosts, report, summary |
//! | | [`cli`] ★ | one file per command; `cli/world.rs` is the only wiring |

pub mod clock;
pub mod env;
pub mod fault;
pub mod secret;

pub mod crypto;
pub mod http;

pub mod envelope;
pub mod lifetime;
pub mod revocation;
pub mod timestamp;
pub mod trust;
pub mod x509;

pub mod azure;
pub mod config;
pub mod credentials;
pub mod plugin;
pub mod registry;

pub mod sign;
pub mod verify;

pub mod batch;
pub mod doctor;

pub mod ci;
pub mod cli;
pub mod lab;
