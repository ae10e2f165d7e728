//! Critical attributes that nobody understands make a signature worthless
//! (signature-specification.md, "Signed Attributes": critical attributes must be processed), and the
//! two that name a verification plugin.

use semver::Version;

use super::{CheckFailure, PluginFailure};
use crate::envelope::{
    Attribute, AttributeKey, Intact, VERIFICATION_PLUGIN, VERIFICATION_PLUGIN_MIN_VERSION,
};
use crate::fault::Fault as _;
use crate::plugin::PluginName;
use crate::trust::Check;
use crate::verify::CheckResult;

/// The plugin that a signature asks for.
#[derive(Debug)]
pub(super) struct Named {
    pub name: PluginName,
    pub min_version: Option<Version>,
}

impl Named {
    /// Nobody's signature makes a plugin run: not even where the level only logs that it is nobody's.
    pub fn may_be_asked(&self, results: &[CheckResult]) -> Result<(), PluginFailure> {
        let authenticity = results.iter().find(|result| result.check == Check::Authenticity);
        match authenticity.and_then(|result| result.failure.as_ref()) {
            Some(failure) => Err(PluginFailure::NotAuthentic {
                plugin: self.name.clone(),
                reason: failure.to_string(),
                hint: failure.hint(),
            }),
            None => Ok(()),
        }
    }
}

/// The plugin named, if one is; without one, nothing critical may remain.
///
/// Of the attributes with a text key the plugin says itself which it processed; nobody can process one
/// with an integer label, which the plugin protocol cannot name.
pub(super) fn check(intact: &Intact) -> Result<Option<Named>, CheckFailure> {
    let named = named(intact)?;
    let mut others = intact.attributes().iter().filter(|attribute| !is_plugin_header(attribute));
    let unknown = others.find(|attribute| {
        let integer = matches!(attribute.key, AttributeKey::Integer(_));
        attribute.critical && (integer || named.is_none())
    });
    match unknown {
        Some(attribute) => Err(CheckFailure::critical_attribute(&attribute.key)),
        None => Ok(named),
    }
}

/// What a plugin has to process: those with a text key, critical or not, in envelope order.
pub(super) fn extended(intact: &Intact) -> impl Iterator<Item = (&str, &Attribute)> {
    let attributes = intact.attributes().iter().filter(|attribute| !is_plugin_header(attribute));
    attributes.filter_map(|attribute| match &attribute.key {
        AttributeKey::Text(key) => Some((key.as_str(), attribute)),
        AttributeKey::Integer(_) => None,
    })
}

/// The critical ones among what a plugin was to process, where it is not asked.
pub(super) fn nothing_critical(intact: &Intact) -> Result<(), CheckFailure> {
    match extended(intact).find(|(_, attribute)| attribute.critical) {
        Some((_, attribute)) => Err(CheckFailure::critical_attribute(&attribute.key)),
        None => Ok(()),
    }
}

fn is_plugin_header(attribute: &Attribute) -> bool {
    let AttributeKey::Text(key) = &attribute.key else { return false };
    key == VERIFICATION_PLUGIN || key == VERIFICATION_PLUGIN_MIN_VERSION
}

// Without a plugin's name its version says nothing.
fn named(intact: &Intact) -> Result<Option<Named>, PluginFailure> {
    let Some(name) = critical_text(intact, VERIFICATION_PLUGIN)? else { return Ok(None) };
    let min_version = critical_text(intact, VERIFICATION_PLUGIN_MIN_VERSION)?;
    let refused = PluginFailure::Attribute {
        header: VERIFICATION_PLUGIN_MIN_VERSION,
        problem: "from extended attribute is not a valid SemVer",
    };
    let min_version = min_version.map(Version::parse).transpose().map_err(|_| refused)?;
    let name = PluginName::parse(name).map_err(|_| PluginFailure::name(name))?;
    Ok(Some(Named { name, min_version }))
}

/// plugin-extensibility.md, "Plugin verification workflow": both are critical, and texts.
fn critical_text<'a>(
    intact: &'a Intact,
    header: &'static str,
) -> Result<Option<&'a str>, PluginFailure> {
    let is = |key: &AttributeKey| matches!(key, AttributeKey::Text(text) if text == header);
    let Some(attribute) = intact.attributes().iter().find(|attribute| is(&attribute.key)) else {
        return Ok(None);
    };
    let refused = |problem| PluginFailure::Attribute { header, problem };
    if !attribute.critical {
        return Err(refused("is not a critical Extended attribute"));
    }
    match attribute.value.as_str() {
        None => Err(refused("from extended attribute is not a string")),
        Some(text) if text.trim().is_empty() => {
            Err(refused("from extended attribute is an empty string"))
        }
        Some(text) => Ok(Some(text)),
    }
}
