//! What the vault lists: the keys and secrets of its certificates, and secrets of others.

use serde_json::{Value, json};

use super::Vault;

impl Vault {
    /// The first page of `keys` or `secrets`. What belongs to a certificate is `managed`.
    pub(super) fn listing(&self, collection: &str) -> Value {
        let item = |name: &str, managed: bool| {
            let kind = if collection == "keys" { "kid" } else { "id" };
            let id = format!("https://{}/{collection}/{name}", self.host);
            let mut item = json!({ kind: id, "attributes": { "enabled": true } });
            if managed {
                item["managed"] = true.into();
            }
            item
        };
        let mut items: Vec<Value> =
            self.certificates.names().iter().map(|name| item(name, true)).collect();
        if collection == "secrets" {
            items.extend(self.certificates.strangers().iter().map(|name| item(name, false)));
        }
        json!({ "value": items, "nextLink": null })
    }
}
