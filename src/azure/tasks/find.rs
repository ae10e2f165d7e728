//! The registry of a name: which subscription and resource group it is in, and its login server.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::Method;
use url::Url;

use super::TasksError;
use super::arm::{Again, Arm, Call};
use crate::azure::error::one_line;
use crate::azure::identity::is_guid;
use crate::azure::{ExtraHosts, RegistryHost, build_hint};

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Id or name; without it, every subscription that the identity sees.
    pub subscription: Option<String>,
    pub resource_group: Option<String>,
}

/// A registry as Azure Resource Manager knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedRegistry {
    subscription: String,
    group: String,
    name: String,
    login_server: String,
}

const PROVIDER: &str = "Microsoft.ContainerRegistry";
/// learn.microsoft.com, "Subscriptions - List", "Resources - List", "Registries - Get"
const SUBSCRIPTIONS_API: &str = "2022-12-01";
const RESOURCES_API: &str = "2021-04-01";
const REGISTRY_API: &str = "2023-07-01";
/// subscriptions asked side by side
const AT_ONCE: usize = 8;

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionDraft {
    subscription_id: String,
    #[serde(default)]
    display_name: String,
}

#[derive(serde::Deserialize)]
struct ResourceDraft {
    id: String,
}

#[derive(serde::Deserialize)]
struct RegistryDraft {
    properties: RegistryProperties,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegistryProperties {
    login_server: String,
}

impl ManagedRegistry {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `myregistry.azurecr.io`
    pub fn login_server(&self) -> &str {
        &self.login_server
    }

    /// The segments of an address below the registry.
    pub(super) fn below<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let mut segments = vec!["subscriptions", &self.subscription, "resourceGroups", &self.group];
        segments.extend(["providers", PROVIDER, "registries", &self.name]);
        segments.extend(rest);
        segments
    }

    /// Reads `/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/N`.
    fn of_id(id: &str, name: &str) -> Option<Self> {
        let segments: Vec<&str> = id.strip_prefix('/')?.split('/').collect();
        let [s, subscription, g, group, p, provider, r, found] = segments[..] else { return None };
        let words = [(s, "subscriptions"), (g, "resourceGroups"), (p, "providers")];
        let words =
            words.into_iter().chain([(provider, PROVIDER), (r, "registries"), (found, name)]);
        let fits = words.into_iter().all(|(a, b)| a.eq_ignore_ascii_case(b));
        (fits && is_guid(subscription) && is_group(group)).then(|| Self {
            subscription: subscription.to_owned(),
            group: group.to_owned(),
            name: found.to_owned(),
            login_server: String::new(),
        })
    }
}

/// Finds the registry; `name` has letters and digits only.
pub(super) async fn find(
    arm: &Arm,
    extra: &ExtraHosts,
    name: &str,
    place: &Place,
) -> Result<ManagedRegistry, TasksError> {
    let mut registry = match (place.subscription.as_deref(), place.resource_group.as_deref()) {
        (Some(subscription), Some(group)) if is_guid(subscription) && is_group(group) => {
            ManagedRegistry {
                subscription: subscription.to_owned(),
                group: group.to_owned(),
                name: name.to_owned(),
                login_server: String::new(),
            }
        }
        _ => search(arm, name, place).await?,
    };
    let what = "reading the registry";
    let url = arm.url(&registry.below(&[]), REGISTRY_API, &[]);
    let call = get(what, url, name);
    let draft: RegistryDraft = match arm.json(call).await {
        Err(TasksError::Refused { status: 404, .. }) => return Err(absent(name, place, 1)),
        other => other?,
    };
    let host = RegistryHost::parse(&draft.properties.login_server, extra)?;
    registry.login_server = host.as_str().to_owned();
    Ok(registry)
}

async fn search(arm: &Arm, name: &str, place: &Place) -> Result<ManagedRegistry, TasksError> {
    let subscriptions = subscriptions(arm, name, place.subscription.as_deref()).await?;
    let filter = format!("resourceType eq '{PROVIDER}/registries' and name eq '{name}'");
    let lists = subscriptions.iter().map(|id| {
        let query = [("$filter", filter.as_str())];
        let url = arm.url(&["subscriptions", id, "resources"], RESOURCES_API, &query);
        arm.list("looking for the registry", url, name)
    });
    let lists: Vec<_> = lists.collect();
    let found: Vec<Vec<ResourceDraft>> =
        stream::iter(lists).buffer_unordered(AT_ONCE).try_collect().await?;
    let group = |found: &ManagedRegistry| {
        place.resource_group.as_ref().is_none_or(|group| group.eq_ignore_ascii_case(&found.group))
    };
    let found = found.iter().flatten().filter_map(|r| ManagedRegistry::of_id(&r.id, name));
    // the names of registries are unique in a cloud
    let mut found = found.filter(group);
    found.next().ok_or_else(|| absent(name, place, subscriptions.len()))
}

/// The ids of the subscriptions to look in; one at least.
async fn subscriptions(
    arm: &Arm,
    registry: &str,
    wanted: Option<&str>,
) -> Result<Vec<String>, TasksError> {
    if let Some(id) = wanted.filter(|id| is_guid(id)) {
        return Ok(vec![id.to_owned()]);
    }
    let url = arm.url(&["subscriptions"], SUBSCRIPTIONS_API, &[]);
    let seen: Vec<SubscriptionDraft> = arm.list("listing the subscriptions", url, registry).await?;
    let seen = seen.into_iter().filter(|s| is_guid(&s.subscription_id));
    let meant =
        seen.filter(|s| wanted.is_none_or(|name| s.display_name.eq_ignore_ascii_case(name)));
    let ids: Vec<String> = meant.map(|subscription| subscription.subscription_id).collect();
    match ids.is_empty() {
        true => Err(TasksError::NoSubscription { wanted: wanted.map(one_line) }),
        false => Ok(ids),
    }
}

fn absent(name: &str, place: &Place, subscriptions: usize) -> TasksError {
    let group = place.resource_group.as_ref().map(|g| format!("the resource group {g:?} of "));
    let looked_in = match &place.subscription {
        Some(subscription) => format!("the subscription {subscription:?}"),
        None if subscriptions == 1 => "the subscription that this identity sees".to_owned(),
        None => format!("the {subscriptions} subscriptions that this identity sees"),
    };
    let place = format!("{}{looked_in}", group.unwrap_or_default());
    // a registry that must not be read is not listed
    let hint = format!("az acr show -n {name}\nif it is there, {}", build_hint(name, None));
    TasksError::RegistryAbsent { name: name.to_owned(), place, hint }
}

fn get<'a>(what: &'static str, url: Url, registry: &'a str) -> Call<'a> {
    Call { what, method: Method::GET, url, body: None, again: Again::Yes, registry }
}

/// Resource group naming rules: 1 to 90 letters, digits and `_-.()`, no period at the end.
fn is_group(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || "_-.()".contains(c);
    (1..=90).contains(&text.chars().count()) && text.chars().all(fits) && !text.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIPTION: &str = "00000000-0000-4000-8000-000000000000";

    #[test]
    fn an_id_is_of_the_registry_asked_for_or_none() {
        let id = |group: &str, kind: &str, name: &str| {
            format!(
                "/subscriptions/{SUBSCRIPTION}/resourcegroups/{group}/providers/microsoft.containerregistry/{kind}/{name}"
            )
        };
        let found = ManagedRegistry::of_id(&id("lab (1)_x-y.z", "registries", "MyReg"), "myreg");
        // a blank belongs to no resource group
        assert_eq!(found, None);
        let found = ManagedRegistry::of_id(&id("Lab-1", "registries", "MyReg"), "myreg").unwrap();
        assert_eq!(
            found.below(&["runs", "ca1"]).join("/"),
            format!(
                "subscriptions/{SUBSCRIPTION}/resourceGroups/Lab-1/providers/Microsoft.ContainerRegistry/registries/MyReg/runs/ca1"
            )
        );
        for id in [
            id("lab", "registries", "other"),
            id("lab", "vaults", "myreg"),
            id("..", "registries", "myreg"),
            id("lab", "registries", "myreg/x"),
            id("lab", "registries", "myreg").replace(SUBSCRIPTION, "x"),
            String::new(),
        ] {
            assert_eq!(ManagedRegistry::of_id(&id, "myreg"), None, "{id}");
        }
    }
}
