//! Distinguished names: printed as Go prints them, compared attribute by attribute.

/// A parsed distinguished name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// In certificate order, one inner list per RDN: (object identifier, value text).
    rdns: Vec<Vec<(String, String)>>,
}

impl Name {
    /// In certificate order: one inner list per RDN of (object identifier dotted, value as text).
    pub fn rdns(&self) -> &[Vec<(String, String)>] {
        &self.rdns
    }
}

impl std::fmt::Display for Name {
    /// Go's `pkix.Name.String`: `CN=…,O=…,L=…,ST=…,C=US`, RFC 4514 escapes, unknown types as `1.2.3=#hex`.
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
