//! Critical attributes that nobody understands make a signature worthless
//! (signature-specification.md, "Signed Attributes": critical attributes must be processed).

use super::CheckFailure;
use crate::envelope::{AttributeKey, Intact};

const VERIFICATION_PLUGIN: &str = "io.cncf.notary.verificationPlugin";
const VERIFICATION_PLUGIN_MIN_VERSION: &str = "io.cncf.notary.verificationPluginMinVersion";

pub(super) fn check(intact: &Intact) -> Result<(), CheckFailure> {
    for attribute in intact.attributes() {
        match &attribute.key {
            // named with or without the critical mark: what the plugin would have checked is unknown
            AttributeKey::Text(key) if key == VERIFICATION_PLUGIN => {
                let name = attribute.value.as_str().unwrap_or("<not a text>");
                return Err(CheckFailure::plugin(name));
            }
            // without a plugin's name its version says nothing
            AttributeKey::Text(key) if key == VERIFICATION_PLUGIN_MIN_VERSION => {}
            key if attribute.critical => {
                return Err(CheckFailure::critical_attribute(key));
            }
            _ => {}
        }
    }
    Ok(())
}
