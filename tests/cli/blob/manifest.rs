//! Signatures of files and of images have one form: neither passes for the other.

use insta::assert_snapshot;

use super::World;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

#[test]
fn a_file_is_signed_as_a_manifest_only_where_this_is_said() {
    let world = World::new();
    for media_type in sealwright::envelope::MANIFEST_MEDIA_TYPES {
        let shown = world.home.run(&format!("blob sign --media-type {media_type} $HOME/file.bin"));
        assert!(
            shown.starts_with(&format!(
                "[stderr]\nError: media type \"{media_type}\" is that of an image's manifest"
            )),
            "{shown}"
        );
    }
    assert_snapshot!(world.home.run(&format!("blob sign --media-type '{}; x=y' $HOME/file.bin", MANIFEST.to_uppercase())), @r#"
    [stderr]
    Error: media type "APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON; x=y" is that of an image's manifest: such a signature may pass for the image's own
    hint: sign the image itself: sealwright sign <registry>/<repository>@<digest>; or say that this is meant: --allow-manifest-media-type
    [exit] 1
    "#);
    assert!(!world.home.path("file.bin.jws.sig").exists());
    let json = format!("blob sign -o json --media-type {MANIFEST} $HOME/file.bin");
    assert_eq!(world.code(&json), "sign-blob-manifest-type");
    let json = "blob sign -o json --media-type plain $HOME/file.bin";
    assert_eq!(world.code(json), "sign-blob-media-type");
}

#[test]
fn a_signature_for_a_manifest_verifies_a_file_only_where_this_is_asked() {
    let world = World::new();
    world.ok(&format!(
        "blob sign --allow-manifest-media-type --media-type {MANIFEST} $HOME/file.bin"
    ));
    assert_snapshot!(world.verify("file.bin.jws.sig", ""), @r#"
    [stderr]
    Error: signature verification failed: the signature is for an image's manifest: its media type is "application/vnd.oci.image.manifest.v1+json"
    hint: verify the image: sealwright verify <registry>/<repository>@<digest>
    [exit] 1
    "#);
    let index = "--media-type application/vnd.oci.image.index.v1+json";
    assert!(world.verify("file.bin.jws.sig", index).contains("is for an image's manifest"));
    let json = "blob verify -o json -s $HOME/file.bin.jws.sig $HOME/file.bin";
    assert_eq!(world.code(json), "verify-blob-manifest");
    let asked = world.verify("file.bin.jws.sig", &format!("--media-type {MANIFEST}"));
    assert!(asked.ends_with("[exit] 0"), "{asked}");
}
