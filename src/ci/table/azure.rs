//! Who the step is in Azure.

use super::{Input, Place, Shape, input};

pub(super) const INPUTS: &[Input] = &[
    input(
        "credential-type",
        Shape::OneOf(&[
            "github",
            "azurepipelines",
            "environment",
            "workloadid",
            "managedid",
            "azurecli",
        ]),
        None,
        "`github`, `azurepipelines`, `environment`, `workloadid`, `managedid` or `azurecli`; by default they are tried in this order, `github` where `azure-client-id` and `azure-tenant-id` are given, `azurepipelines` where `azure-subscription` is.",
    ),
    input(
        "azure-client-id",
        Shape::Text,
        None,
        "Client id of the application that trusts this repository: with `azure-tenant-id` and the permission `id-token: write` the job signs in by itself. With `managedid`, the user-assigned identity.",
    ),
    input(
        "azure-subscription",
        Shape::Text,
        None,
        "Azure Resource Manager service connection to sign in with: workload identity federation, service principal (secret or certificate) or managed identity.",
    ).on(Place::AzurePipelines),
    input("azure-tenant-id", Shape::Text, None, "Tenant of `azure-client-id`."),
    input(
        "azure-cloud",
        Shape::OneOf(&["public", "usgovernment", "china"]),
        None,
        "Cloud of `azure-tenant-id` and of short vault and registry names: `public`, `usgovernment` or `china`. By default `public` for names, and the vault's or registry's own for the tenant.",
    ),
    input(
        "azure-extra-hosts",
        Shape::Text,
        None,
        "Further hosts that may see Azure tokens, exact, https only: `vault=HOST:PORT,registry=HOST:PORT,authority=HOST:PORT,artifact-signing=HOST:PORT`.",
    ),
];
