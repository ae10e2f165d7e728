//! The lab's registry is a registry to a client that is not ours.

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{IMAGE_CONFIG_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use sealwright::lab::{Auth, Lab, LabOptions};

#[tokio::test]
async fn oci_client_pushes_to_the_lab_and_pulls_the_same_bytes() {
    for auth in [Auth::Open, Auth::Basic, Auth::Bearer] {
        let lab = Lab::start(LabOptions { auth, ..LabOptions::default() }).await.unwrap();
        let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        let client = Client::try_from(config).unwrap();
        let credentials = match auth {
            Auth::Open => RegistryAuth::Anonymous,
            _ => RegistryAuth::Basic(lab.username().into(), lab.password().expose().into()),
        };
        let image = Reference::with_tag(lab.registry_host().into(), "app".into(), "v1".into());
        let layer = ImageLayer::new(b"layer".to_vec(), IMAGE_LAYER_MEDIA_TYPE.to_owned(), None);
        let config = Config::new(b"{}".to_vec(), IMAGE_CONFIG_MEDIA_TYPE.to_owned(), None);
        client
            .push(&image, std::slice::from_ref(&layer), config, &credentials, None)
            .await
            .unwrap();
        let accepted = vec![IMAGE_LAYER_MEDIA_TYPE];
        let pulled = client.pull(&image, &credentials, accepted).await.unwrap();
        assert_eq!(pulled.layers[0].data, layer.data, "{auth:?}");
        let digest = client.fetch_manifest_digest(&image, &credentials).await.unwrap();
        assert_eq!(pulled.digest, Some(digest), "{auth:?}");
    }
}
