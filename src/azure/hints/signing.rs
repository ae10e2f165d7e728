//! What to type when Artifact Signing refuses.

use super::assignment;
use crate::azure::Principal;

/// Renamed with the service; the old name is still found where a directory has not followed.
const SIGNER_ROLES: [&str; 2] =
    ["Artifact Signing Certificate Profile Signer", "Trusted Signing Certificate Profile Signer"];

/// The commands that grant what signing with a certificate profile needs, and the one that shows
/// whether the endpoint is the account's: the service answers the same to both mistakes. The names are
/// letters, digits and hyphens.
pub fn signing_hint(account: &str, profile: &str, principal: Option<&Principal>) -> String {
    let id = format!(
        "$(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name {account} --query '[0].id' -o tsv)"
    );
    let scope = format!("{id}/certificateProfiles/{profile}");
    let [role, former] = SIGNER_ROLES.map(|role| assignment(role, principal, &scope));
    [
        "assign the role (it takes up to 10 minutes to act):",
        &role,
        "or, where it has its former name:",
        &former,
        "if it is assigned, compare the endpoint with the account's own:",
        &format!("az resource show --ids \"{id}\" --query properties.accountUri -o tsv"),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::tests::job;
    use super::*;

    #[test]
    fn the_role_of_artifact_signing_is_of_one_profile() {
        insta::assert_snapshot!(signing_hint("acc", "images", Some(&job())), @r#"
        assign the role (it takes up to 10 minutes to act):
        az role assignment create --role "Artifact Signing Certificate Profile Signer" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name acc --query '[0].id' -o tsv)/certificateProfiles/images"
        or, where it has its former name:
        az role assignment create --role "Trusted Signing Certificate Profile Signer" --assignee-object-id 11111111-2222-3333-4444-555555555555 --assignee-principal-type ServicePrincipal --scope "$(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name acc --query '[0].id' -o tsv)/certificateProfiles/images"
        if it is assigned, compare the endpoint with the account's own:
        az resource show --ids "$(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name acc --query '[0].id' -o tsv)" --query properties.accountUri -o tsv
        "#);
    }
}
