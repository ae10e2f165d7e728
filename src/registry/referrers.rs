//! Finding signatures: the Referrers API, and the tag schema where it is absent (distribution-spec,
//! "Listing Referrers").

use std::collections::HashSet;

use http::header::{ACCEPT, LINK};
use http::{HeaderMap, HeaderValue, Method};
use oci_client::manifest::OCI_IMAGE_INDEX_MEDIA_TYPE;
use url::Url;

use super::client::RegistryClient;
use super::error::{Action, has_code};
use super::index::{Entry, INDEX_LIMIT, Index, parse};
use super::tag_index::Stored;
use super::{Listing, RegistryError, SIGNATURE_ARTIFACT_TYPE};
use crate::crypto::Digest;
use crate::http::{Request, Response, redacted, same_origin};

/// Most pages of one listing: 10,000 referrers at ten a page.
const MOST_PAGES: usize = 1_000;
/// Most bytes of all pages of one listing: over 100,000 plain entries.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Longest address of a next page: each is kept, to notice a circle.
const LONGEST_LINK: usize = 16 * 1024;
const FILTERS_APPLIED: &str = "org.opencontainers.referrers.filtersApplied";

/// What the Referrers API answered.
pub(super) enum Found {
    Listed(Listing),
    /// The registry has no such API.
    Absent,
}

/// `sha256-<hex>`: the tag of a subject's index (distribution-spec, "Referrers Tag Schema").
pub(super) fn tag(subject: &Digest) -> String {
    subject.as_str().replace(':', "-")
}

impl RegistryClient {
    /// At most `limit` signatures of the Referrers API.
    pub(super) async fn referrers_api(
        &self,
        subject: &Digest,
        limit: usize,
    ) -> Result<Found, RegistryError> {
        let mut next = self.url(&format!("referrers/{subject}"));
        next.query_pairs_mut().append_pair("artifactType", SIGNATURE_ARTIFACT_TYPE);
        let mut visited: HashSet<Url> = HashSet::new();
        let mut kept = Kept::new(limit);
        let mut total = 0;
        loop {
            if visited.len() >= MOST_PAGES {
                return Err(self.paging(format!("has more than {MOST_PAGES} pages")));
            }
            if !visited.insert(next.clone()) {
                return Err(self.paging("comes back to the same page".into()));
            }
            let request = Request::new(Method::GET, next, INDEX_LIMIT)
                .header(ACCEPT, HeaderValue::from_static(OCI_IMAGE_INDEX_MEDIA_TYPE));
            let answer = self.send(request, Action::Pull).await?;
            match answer.status.as_u16() {
                200 if is_index(&answer.headers) => {}
                200 | 404 if visited.len() > 1 => {
                    return Err(self.paging("breaks off after its first page".into()));
                }
                404 if has_code(&answer, "NAME_UNKNOWN") => {
                    return Err(self.refusal(&Method::GET, &answer, Action::Pull).await);
                }
                200 | 404 => return Ok(Found::Absent),
                _ => return Err(self.refusal(&Method::GET, &answer, Action::Pull).await),
            }
            total += answer.body.len();
            if total > MOST_BYTES {
                return Err(self.paging(format!("is larger than {MOST_BYTES} bytes")));
            }
            let page = parse(&answer.body)
                .map_err(|problem| self.paging(format!("holds a page that {problem}")))?;
            let filtered = is_filtered(&answer, &page);
            kept.add(page.entries.into_iter().filter(|e| filtered || e.is_signature()));
            match next_page(&answer).map_err(|problem| self.paging(problem))? {
                Some(url) if !kept.is_full() => {
                    if !same_origin(&url, &self.connection.endpoint.base) {
                        let elsewhere = redacted(&url);
                        return Err(self.paging(format!("goes on at {elsewhere}; refused")));
                    }
                    next = url;
                }
                _ => return Ok(Found::Listed(kept.into_listing())),
            }
        }
    }

    /// At most `limit` signatures of the tag schema.
    pub(super) async fn referrers_tag(
        &self,
        subject: &Digest,
        limit: usize,
    ) -> Result<Listing, RegistryError> {
        let mut kept = Kept::new(limit);
        if let Some(stored) = self.read_index(&tag(subject)).await? {
            kept.add(stored.entries.into_iter().filter(Entry::is_signature));
        }
        Ok(kept.into_listing())
    }

    /// The index behind a tag; none when there is no such tag.
    pub(super) async fn read_index(&self, tag: &str) -> Result<Option<Stored>, RegistryError> {
        let request = Request::new(Method::GET, self.url(&format!("manifests/{tag}")), INDEX_LIMIT)
            .header(ACCEPT, HeaderValue::from_static(OCI_IMAGE_INDEX_MEDIA_TYPE));
        let answer = self.send(request, Action::Pull).await?;
        match answer.status.as_u16() {
            200 => {}
            404 => return Ok(None),
            _ => return Err(self.refusal(&Method::GET, &answer, Action::Pull).await),
        }
        let digest = super::client::answered_digest(&answer, tag)?;
        let invalid = |problem| RegistryError::Index { tag: tag.to_owned(), problem };
        match answer.media_type() {
            Some(found) if found == OCI_IMAGE_INDEX_MEDIA_TYPE => {}
            found => {
                let found = found.unwrap_or_default();
                return Err(invalid(format!("is not an image index but {found:?}")));
            }
        }
        let Index { entries, .. } = parse(&answer.body).map_err(invalid)?;
        Ok(Some(Stored { digest, entries }))
    }

    fn paging(&self, problem: String) -> RegistryError {
        RegistryError::Paging { host: self.connection.host().to_owned(), problem }
    }
}

/// The first entries up to a limit, and whether there were more.
struct Kept {
    entries: Vec<Entry>,
    limit: usize,
    more: bool,
}

impl Kept {
    fn new(limit: usize) -> Self {
        Self { entries: Vec::new(), limit, more: false }
    }

    fn add(&mut self, entries: impl Iterator<Item = Entry>) {
        for entry in entries.filter(|entry| !entry.is_empty()) {
            if self.entries.len() == self.limit {
                self.more = true;
                return;
            }
            self.entries.push(entry);
        }
    }

    fn is_full(&self) -> bool {
        self.more
    }

    fn into_listing(self) -> Listing {
        Listing {
            signatures: self.entries.into_iter().map(Entry::into_descriptor).collect(),
            exceeded: self.more,
        }
    }
}

/// The type exactly; anything else means that this is not the Referrers API.
fn is_index(headers: &HeaderMap) -> bool {
    headers.get("content-type").is_some_and(|value| value == OCI_IMAGE_INDEX_MEDIA_TYPE)
}

fn is_filtered(answer: &Response, page: &Index) -> bool {
    let names = |list: &str| list.split(',').any(|name| name.trim() == "artifactType");
    answer.header("oci-filters-applied").is_some_and(names)
        || page.annotations.get(FILTERS_APPLIED).is_some_and(|list| names(list))
}

/// `Link: <…>; rel="next"` (RFC 8288), relative to the page it stands on.
fn next_page(answer: &Response) -> Result<Option<Url>, String> {
    let malformed = || "has a malformed Link".to_owned();
    for value in answer.headers.get_all(LINK) {
        let text = value.to_str().map_err(|_| malformed())?;
        for link in text.split(", <") {
            let link = link.trim_start().trim_start_matches('<');
            let (target, parameters) = link.split_once('>').ok_or_else(malformed)?;
            let is_next = parameters.split(';').any(|parameter| {
                let parameter = parameter.trim().trim_end_matches(',').trim_end();
                matches!(parameter.split_once('='), Some((name, relation))
                    if name.trim().eq_ignore_ascii_case("rel")
                        && relation.trim().trim_matches('"').eq_ignore_ascii_case("next"))
            });
            if is_next && target.len() > LONGEST_LINK {
                return Err(format!("has a Link longer than {LONGEST_LINK} bytes"));
            }
            if is_next {
                return answer.url.join(target).map(Some).map_err(|_| malformed());
            }
        }
    }
    Ok(None)
}
