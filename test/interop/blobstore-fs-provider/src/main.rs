//! The file system blobstore provider of wasmCloud 1.9, unchanged.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    wasmcloud_provider_blobstore_fs::run().await
}
