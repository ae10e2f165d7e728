//! Indexes, also hostile ones, and what is covered of them.

use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::envelope::TargetArtifact;
use crate::registry::{
    FetchedSignature, Listing, PushPermission, Pushed, Registry, SignatureDescriptor,
    SignaturePush, Version,
};

/// Which manifests list which others; what is not in it is not there.
#[derive(Default)]
struct Tree {
    lists: HashMap<Digest, (Vec<Child>, Vec<String>)>,
    asked: Mutex<Vec<Digest>>,
}

#[derive(Debug, thiserror::Error)]
#[error("not there")]
struct NotThere;

impl Fault for NotThere {
    fn code(&self) -> &'static str {
        "test-not-there"
    }
}

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

fn child(name: &str) -> Child {
    let platform = Some(format!("linux/{name}"));
    Child { media_type: "m".into(), digest: digest(name), size: 1, platform }
}

impl Tree {
    fn with(mut self, name: &str, children: &[&str]) -> Self {
        let children = children.iter().map(|name| child(name)).collect();
        self.lists.insert(digest(name), (children, Vec::new()));
        self
    }

    async fn expand(self) -> (Result<Vec<Member>, BoxFault>, Self) {
        let reference = Reference::parse(&format!("r.io/app@{}", digest("top"))).unwrap();
        (expand(&self, &reference).await, self)
    }
}

fn names(members: &[Member], of: &[&str]) -> Vec<String> {
    let name = |member: &Member| {
        let Version::Digest(found) = member.reference.version() else { panic!("by digest") };
        of.iter().find(|name| digest(name) == *found).expect("a name").to_string()
    };
    members.iter().map(name).collect()
}

#[async_trait::async_trait]
impl Registry for Tree {
    async fn resolve(&self, _: &Reference) -> Result<TargetArtifact, BoxFault> {
        unreachable!("everything is known")
    }

    async fn resolve_with_children(
        &self,
        reference: &Reference,
        _: Option<&Child>,
    ) -> Result<Resolved, BoxFault> {
        let Version::Digest(digest) = reference.version() else { panic!("by digest") };
        self.asked.lock().unwrap().push(digest.clone());
        let (children, left_out) = self.lists.get(digest).cloned().ok_or(NotThere)?;
        let (media_type, digest) = ("m".into(), digest.clone());
        let target =
            TargetArtifact { media_type, digest, size: 1, annotations: Default::default() };
        Ok(Resolved { target, children, left_out })
    }

    async fn signatures(&self, _: &Digest, _: usize) -> Result<Listing, BoxFault> {
        unreachable!()
    }

    async fn fetch_signature(
        &self,
        _: &Digest,
        _: &SignatureDescriptor,
    ) -> Result<FetchedSignature, BoxFault> {
        unreachable!()
    }

    async fn prepare_push(&self) -> Result<(), BoxFault> {
        unreachable!()
    }

    async fn push_signature(&self, _: SignaturePush<'_>) -> Result<Pushed, BoxFault> {
        unreachable!()
    }

    async fn delete_signature(&self, _: &Digest) -> Result<(), BoxFault> {
        unreachable!()
    }

    async fn unlist_signatures(&self, _: &Digest, _: &[Digest]) -> Result<Vec<String>, BoxFault> {
        unreachable!()
    }

    async fn check_push(&self) -> Result<PushPermission, BoxFault> {
        unreachable!()
    }
}

#[tokio::test]
async fn every_manifest_below_is_a_member_once_and_is_asked_for_once() {
    let tree = Tree::default()
        .with("top", &["a", "inner", "a", "b"])
        .with("inner", &["b", "c"])
        .with("a", &[])
        .with("b", &[])
        .with("c", &[]);
    let (members, tree) = tree.expand().await;
    let members = members.unwrap();
    let all = ["top", "a", "inner", "b", "c"];
    assert_eq!(names(&members, &all), all);
    assert_eq!(tree.asked.lock().unwrap().len(), 5);
    let indexes: Vec<Option<Digest>> = members.iter().map(|m| m.index.clone()).collect();
    let top = Some(digest("top"));
    assert_eq!(indexes, [None, top.clone(), top.clone(), top, Some(digest("inner"))]);
    assert_eq!(members[0].platform, None);
    assert_eq!(members[4].platform.as_deref(), Some("linux/c"));
}

#[tokio::test]
async fn what_is_no_index_is_alone() {
    let (members, ..) = Tree::default().with("top", &[]).expand().await;
    assert_eq!(names(&members.unwrap(), &["top"]), ["top"]);
}

#[tokio::test]
async fn a_manifest_that_is_not_there_is_one_failure() {
    let (members, ..) = Tree::default().with("top", &["gone", "b"]).with("b", &[]).expand().await;
    let faults: Vec<bool> = members.unwrap().iter().map(|m| m.fault.is_some()).collect();
    assert_eq!(faults, [false, true, false]);
    // the artifact itself is another matter
    assert_eq!(Tree::default().expand().await.0.unwrap_err().code(), "test-not-there");
}

#[tokio::test]
async fn another_type_for_the_same_digest_is_another_member() {
    let mut tree = Tree::default().with("top", &["a"]).with("a", &[]);
    let other = Child { media_type: "other".into(), ..child("a") };
    tree.lists.get_mut(&digest("top")).unwrap().0.push(other);
    assert_eq!(tree.expand().await.0.unwrap().len(), 3);
}

#[tokio::test]
async fn entries_that_are_no_manifests_are_a_warning() {
    let mut tree = Tree::default().with("top", &[]);
    tree.lists.get_mut(&digest("top")).unwrap().1 = vec!["t/a".into(), "t/b".into()];
    assert_eq!(
        tree.expand().await.0.unwrap()[0].warnings,
        ["not covered, since it is no manifest: an entry of type \"t/a\", and 1 more"]
    );
}

#[tokio::test]
async fn indexes_are_bounded_in_size_and_depth() {
    let names: Vec<String> = (0..=MOST_MANIFESTS).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut tree = Tree::default().with("top", &names[..MOST_MANIFESTS]);
    for name in &names {
        tree = tree.with(name, &[]);
    }
    // one more, a level below
    let full = Tree { lists: tree.lists.clone(), ..Tree::default() };
    assert_eq!(full.expand().await.0.unwrap().len(), MOST_MANIFESTS + 1);
    let over = tree.with("0", &[names[MOST_MANIFESTS]]);
    assert_eq!(over.expand().await.0.unwrap_err().code(), "batch-index-size");

    let chain = ["top", "1", "2", "3", "4", "5"];
    let nested = |depth: usize| {
        let links = chain[..=depth].windows(2);
        let tree = links.fold(Tree::default(), |tree, link| tree.with(link[0], &link[1..]));
        tree.with(chain[depth], &[])
    };
    assert_eq!(nested(DEEPEST).expand().await.0.unwrap().len(), DEEPEST + 1);
    assert_eq!(nested(DEEPEST + 1).expand().await.0.unwrap_err().code(), "batch-index-depth");
}
